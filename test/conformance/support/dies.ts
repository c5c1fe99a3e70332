// Starts a control plane, says where, and is gone the next moment: what the self test of the watchdog runs.
import { startCluster } from '../cluster.ts';

const { folder, processes } = await startCluster();
process.stdout.write(JSON.stringify({ folder, pids: [...processes.pids.values()] }), () => {
  process.kill(process.pid, 'SIGKILL');
});
