/** Milliseconds of processor time that `run` takes in this process: unlike the clock, the same on a busy machine. */
export function cpuMilliseconds(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
