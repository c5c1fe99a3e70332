/** What a Dockerfile says of the program that its image starts. */
export interface DockerfileFacts {
  readonly port: number | null;
  /** As it stands: a number, or a name. */
  readonly user: string | null;
  /** Path of its HEALTHCHECK, where it asks over HTTP. */
  readonly health: string | null;
  /** Image that its last stage begins with. */
  readonly base: string | null;
}

const MAX_BYTES = 256 * 1024;

/** Reads the last stage of a Dockerfile; what is not plainly there is null. Nothing of it is run. */
export function readDockerfile(text: string): DockerfileFacts {
  if (Buffer.byteLength(text) > MAX_BYTES) return { port: null, user: null, health: null, base: null };
  const lines = text
    .replace(/\\[ \t]*\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const stage = lines.slice(lines.findLastIndex((line) => /^FROM\s/i.test(line)));
  const last = (instruction: string) =>
    stage
      .findLast((line) => line.slice(0, instruction.length + 1).toUpperCase() === `${instruction} `)
      ?.slice(instruction.length)
      .trim();
  const environment = stage.filter((line) => /^ENV\s/i.test(line)).join(' ');
  const port =
    /^(\d{1,5})(\/tcp)?(\s|$)/.exec(last('EXPOSE') ?? '')?.[1] ?? /\bPORT[= ]"?(\d{1,5})\b/.exec(environment)?.[1];
  return {
    port: port !== undefined && Number(port) <= 65_535 ? Number(port) : null,
    user: last('USER')?.split(':')[0] ?? null,
    health: /https?:\/\/[^/\s"']+(\/[A-Za-z0-9._~/-]*)/.exec(last('HEALTHCHECK') ?? '')?.[1] ?? null,
    base:
      last('FROM')
        ?.replace(/^--\S+\s+/, '')
        .split(/\s/)[0] ?? null,
  };
}
