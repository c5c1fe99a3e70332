import * as z from 'zod';
import { main } from './main.ts';

// A command reads a file or two: compiling a parser for them costs more than parsing does.
z.config({ jitless: true });

let exitCode = 0;
// A reader that stops early (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode);
  throw error;
});
void main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  env: process.env,
  cwd: process.cwd(),
  interactive: process.stderr.isTTY === true,
  fail: (code) => {
    exitCode = Math.max(exitCode, code);
    process.exitCode = exitCode;
  },
});
