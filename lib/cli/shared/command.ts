import type { Command } from 'commander';
import type { Io } from './io.ts';

/** Adds options, arguments and action to a command that already has its name and summary. */
export type Configure = (command: Command, io: Io) => void;
