/** A backing service as it runs beside an app, but for its image: that is the platform's to name. */
export interface ServiceType {
  /** As makers write it under `type`; a resource type of the Score specification. */
  readonly name: string;
  readonly port: number;
  /** Number of the user that its usual image runs as. */
  readonly user: number;
  /** A size of the platform's. */
  readonly size: string;
  /** @param address where it listens: 127.0.0.1, or 0.0.0.0 where other pods of the preview have to reach it */
  readonly args: (address: string) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where its data and sockets are; they begin empty. */
  readonly writable: readonly string[];
  /** Runs inside it and ends with 0 once it answers; null where nobody can tell. */
  readonly ready: readonly string[] | null;
  /** Database and account, as Score's outputs have them; empty where a service has no such output. */
  readonly database: string;
  readonly username: string;
  /** Its address for apps, of `{host}` and `{port}`. */
  readonly url: string;
  /** The variable that apps read, such as `DATABASE_URL`. */
  readonly variable: string;
}

/** The account and the database of every service. There is no password: only the preview's own pods can connect. */
export const ACCOUNT = 'app';
