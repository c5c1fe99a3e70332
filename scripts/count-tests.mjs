// Usage: node scripts/count-tests.mjs RESULTS.json...
// Adds up what vitest's JSON reporter wrote and prints "N passed, N failed". Ends with 1 when something failed or when
// a run has no results, e.g. after the type check or the linter failed.
import { existsSync, readFileSync } from 'node:fs';

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  if (!existsSync(file)) {
    console.error(`no test ran: ${file} was not written`);
    total.failed += 1;
    continue;
  }
  const run = JSON.parse(readFileSync(file, 'utf8'));
  total.passed += run.numPassedTests;
  total.failed += run.numFailedTests;
  total.skipped += run.numPendingTests + run.numTodoTests;
  // A file that could not be loaded, or whose set-up failed, has failed without a failed test.
  total.failed += run.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped === 0 ? '' : `, ${total.skipped} skipped`}`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
