/** A backing service that runs beside an app, without its image, which the platform names. */
export interface ServiceType {
  /** As in `type` of preview.yaml; a resource type of the Score specification. */
  readonly name: string;
  readonly port: number;
  /** Numeric user id of its usual image. */
  readonly user: number;
  /** Name of a platform size. */
  readonly size: string;
  /** @param address where it listens: 127.0.0.1, or 0.0.0.0 if other pods of the preview must reach it */
  readonly args: (address: string) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders for its data and sockets. They are empty at the start. */
  readonly writable: readonly string[];
  /** Command that runs in its container and exits with 0 once it answers; null if there is none. */
  readonly ready: readonly string[] | null;
  /** Database and account, as in Score's outputs; empty if the service has no such output. */
  readonly database: string;
  readonly username: string;
  /** Its URL for apps, with `{host}` and `{port}`. */
  readonly url: string;
  /** The variable that apps read, such as `DATABASE_URL`. */
  readonly variable: string;
}

/** Account and database name of every service. There is no password: only the preview's own pods can connect. */
export const ACCOUNT = 'app';
