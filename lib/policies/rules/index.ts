import type { Rule } from '../rule.ts';
import { allowedKinds } from './allowed-kinds.ts';
import { noNodePort } from './no-node-port.ts';
import { noPrivileged } from './no-privileged.ts';

/** All of greenroom's rules, in the order in which findings are listed. */
export const RULES: readonly Rule[] = [noNodePort, noPrivileged, allowedKinds];
