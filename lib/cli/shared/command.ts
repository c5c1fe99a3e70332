import type { Command } from 'commander';
import type { Io } from './io.ts';

/** A command's options, arguments and action, added to a command that has its name and summary already. */
export type Configure = (command: Command, io: Io) => void;
