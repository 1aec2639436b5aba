// A one-off that stands for a migration: prints what it does, fails when told to.
const steps = (process.env.MIGRATE_STEPS ?? '0001_initial').split(' ');
for (const step of steps) console.log(`Applying lab.${step}... OK`);
if (process.env.MIGRATE_FAIL === '1') {
  console.error('django.db.utils.ProgrammingError: relation "lab_item" does not exist');
  process.exit(1);
}
console.log(`migrated for ${process.env.GIT_SHA ?? ''}`);
