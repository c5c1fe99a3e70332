import { fstatSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import * as z from 'zod';
import { main } from './main.ts';

// Commands parse only a few files: compiling parsers for them costs more than it saves.
z.config({ jitless: true });

// See bin/greenroom.cjs for the reason. That file is missing if the bundle runs alone.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
setFlagsFromString('--regexp-backtracks-before-fallback=20000');

let exitCode = 0;

/** A reader that stops early (`| head`) is not an error. */
function ended(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(exitCode);
  throw error;
}

/**
 * Writes to files and pipes directly: loading the code behind `process.stdout` takes as long as writing all manifests
 * of a preview. Terminals, and pipes that are full at the moment, use `process.stdout`.
 */
function writer(fd: 1 | 2, stream: () => NodeJS.WriteStream): (text: string) => void {
  let later: NodeJS.WriteStream | undefined;
  const isPlain = () => !fstatSync(fd).isCharacterDevice();
  return (text) => {
    let rest: Buffer = Buffer.from(text);
    try {
      while (later === undefined && rest.length > 0 && isPlain()) rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') ended(error);
    }
    if (rest.length === 0) return;
    later ??= stream().on('error', ended);
    later.write(rest);
  };
}

void main(process.argv.slice(2), {
  out: writer(1, () => process.stdout),
  err: writer(2, () => process.stderr),
  env: process.env,
  cwd: process.cwd(),
  get interactive() {
    return process.stderr.isTTY === true;
  },
  fail: (code) => {
    exitCode = Math.max(exitCode, code);
    process.exitCode = exitCode;
  },
});
