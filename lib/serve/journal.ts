import { GreenroomError } from '../core/errors.ts';
import type { Metrics } from './metrics.ts';

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  /** What happened: `listening`, `delivery`, `status`, `sync`, `retry`, `sweep`, `wait`, `stopping`, `stopped`. */
  readonly event: string;
  readonly [field: string]: string | number | boolean | null;
}

/** The log, with failures counted in the metrics. */
export class Journal {
  readonly write: (entry: LogEntry) => void;
  readonly #metrics: Metrics;

  constructor(write: (entry: LogEntry) => void, metrics: Metrics) {
    this.write = write;
    this.#metrics = metrics;
  }

  /** Logs a failure. It ends one piece of work, never the service. */
  failed(event: string, error: unknown, fields: Readonly<Record<string, string | number>>): void {
    const code = error instanceof GreenroomError ? error.code : 'fault';
    const message = error instanceof Error ? error.message : String(error);
    const isOurs = code === 'fault' || (error instanceof GreenroomError && error.isPlatforms);
    this.#metrics.failures.inc({ code });
    this.write({ level: isOurs ? 'error' : 'warn', event, ...fields, code, message });
  }
}

/** Milliseconds since a reading of `performance.now()`. */
export const since = (started: number) => Math.round(performance.now() - started);
