// Usage: node scripts/release/check.mjs vX.Y.Z
// Says why the commit that is checked out cannot be released under a tag, or prints the notes of the release.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The action runs the first file; the other has its licences. A release's commit contains both as built. */
const CARRIED = ['dist/cli/greenroom.cjs', 'dist/NOTICES.txt'];

const [tag] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const notes = notesOf(version);
const problems = [
  tag === `v${version}` ? '' : `the tag is ${tag}, the version in package.json ${version}`,
  notes === '' ? `CHANGELOG.md has no section "## ${version} - YYYY-MM-DD" with an entry` : '',
  ...CARRIED.map(carriedProblem),
].filter(Boolean);

if (problems.length > 0) {
  for (const problem of problems) console.error(`cannot be released: ${problem}`);
  process.exitCode = 1;
} else {
  console.log(notes);
}

/** The text below the heading of a version; empty if there is none. */
function notesOf(released) {
  const [, ...sections] = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m);
  const section = sections.find((text) => text.startsWith(`${released} - `)) ?? '';
  const [heading, ...lines] = section.split('\n');
  return /^\S+ - \d{4}-\d{2}-\d{2}$/.test(heading) ? lines.join('\n').trim() : '';
}

function carriedProblem(file) {
  let carried;
  try {
    carried = execFileSync('git', ['show', `HEAD:${file}`], {
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return `the commit does not carry ${file}; build it and add it with \`git add --force\``;
  }
  return carried.equals(readFileSync(file)) ? '' : `${file} of the commit is not what its sources build`;
}
