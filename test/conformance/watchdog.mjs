// Started with a folder. Reads "+PID" and "-PID" lines; when its input ends, which is when whoever started it is gone,
// however that came about, it kills the processes that are still listed and removes the folder.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const pids = new Set();
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) pids.add(pid);
  else pids.delete(pid);
}
for (const pid of pids) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
// What was killed a moment ago may still be finishing a write.
rmSync(process.argv[2], { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
