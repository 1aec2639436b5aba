#!/bin/sh
# build-image.sh FOLDER IMAGE "TAG TAG …" [docker build option …]: builds the folder at the commit that is checked out, and
# pushes it under each tag. The commit is a label and in the image, for the checks of the deploy.
set -eu
folder=$1 image=$2 tags=$3
shift 3
revision=$(git rev-parse HEAD)
for tag in $tags; do set -- "$@" --tag "$image:$tag"; done
docker build --pull --build-arg "REVISION=$revision" \
  --label "org.opencontainers.image.revision=$revision" \
  --label "org.opencontainers.image.created=$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$@" "$folder"
for tag in $tags; do docker push --quiet "$image:$tag"; done
