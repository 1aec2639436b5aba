// Does staging serve exactly these digests, as a release that ended well? Reads STAGING_STATUS (the output `status` of
// action-rolling-deploy) and IMAGES (lines service=repository@sha256:…). Exits 1, naming what differs, if not.
const { STAGING_STATUS = '', IMAGES = '' } = process.env;
const status = JSON.parse(STAGING_STATUS);
const current = status.releases.find((release) => release.isCurrent);
const problems = [];

if (current?.result !== 'ok') {
  problems.push(
    `staging's current release is ${current === undefined ? 'none' : `${current.number}: ${current.result}`}`,
  );
}
for (const line of IMAGES.split('\n').filter((text) => text.trim() !== '')) {
  const [service, wanted] = line.split('=').map((word) => word.trim());
  const found = status.services.find((one) => one.service === service);
  if (found?.released !== wanted || found?.match !== 'as-released') {
    problems.push(
      `${service}: asked for ${wanted}, staging has ${found?.released ?? 'nothing'} (${found?.match ?? 'no such service'})`,
    );
  }
}
if (problems.length > 0) {
  for (const problem of problems) console.log(`::error::${problem}`);
  console.log('These digests have not passed staging. Release them there first. Nothing was changed.');
  process.exit(1);
}
console.log(`passed staging as release ${current.number} (${current.finishedAt})`);
