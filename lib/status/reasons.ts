import { type Facts, NOT_REPEATED } from './observation.ts';

/** Who must act. */
export type Turn = 'maker' | 'platform' | 'nobody';

/** Why a preview does not answer (yet), in plain words without Kubernetes terms. */
export interface Reason {
  readonly turn: Turn;
  /** Ends a headline: `the app stops right after it starts`. Lower case, no full stop. */
  readonly headline: string;
  /** The observation, as sentences. */
  readonly sentence: (facts: Facts) => string;
  /** What to do, as sentences; null if nothing. @param contact whom a maker asks */
  readonly todo: ((facts: Facts, contact: string) => string) | null;
  /** Setting of the app in preview.yaml that causes it; null if there is none. */
  readonly field: string | null;
}

const RUNS_AS = 'Add USER 1000 to your Dockerfile, or user: 1000 to preview.yaml.';
const times = ({ count: n }: Facts) => (n === undefined || n < 2 ? '' : `, ${n} times`);
const quoted = (name: string | undefined, fallback: string) => (name === undefined ? fallback : `"${name}"`);
const place = ({ path, port }: Facts) =>
  [path === undefined ? '' : `path ${path}`, port === undefined ? '' : `port ${port}`].filter(Boolean).join(' of ');
const ask = (contact: string) => `Nothing for you to change; if it lasts, tell ${contact}.`;
const fixedByPlatform = (_: Facts, contact: string) => `Nothing for you to change: ${contact} has to look at it.`;

/** One row for each reason. `objects/` (cluster objects) and `lib/probe` (HTTP answers) detect them. */
export const REASONS: Readonly<Record<string, Reason>> = {
  'image-missing': {
    turn: 'maker',
    headline: 'the image is not there',
    sentence: () => 'Its registry has no image under this name and tag.',
    todo: () => 'Check that your build pushes it, and how image is written in preview.yaml.',
    field: 'image',
  },
  'image-denied': {
    turn: 'platform',
    headline: 'the image cannot be read',
    sentence: () => 'The registry does not let the cluster read the image.',
    todo: fixedByPlatform,
    field: null,
  },
  'image-root': {
    turn: 'maker',
    headline: 'the image cannot run here',
    sentence: () => 'It runs as root, and previews may not.',
    todo: () => RUNS_AS,
    field: 'user',
  },
  'image-user-name': {
    turn: 'maker',
    headline: 'the image cannot run here',
    sentence: ({ name }) =>
      `The image gives its user by name${name === undefined ? '' : ` (${name})`}, so it is unknown whether that is root.`,
    todo: () => RUNS_AS,
    field: 'user',
  },
  'image-platform': {
    turn: 'maker',
    headline: 'the image cannot run here',
    sentence: () => 'It was built for another kind of processor.',
    todo: () => 'Build it for the processors of the cluster, usually linux/amd64.',
    field: 'image',
  },
  exits: {
    turn: 'maker',
    headline: 'the app stops right after it starts',
    sentence: (f) => `It ended with exit code ${f.code ?? 'unknown'}${times(f)}.`,
    todo: () => 'Usually a setting is missing: compare env in preview.yaml with what your app reads.',
    field: 'env',
  },
  ends: {
    turn: 'maker',
    headline: 'the app ends by itself',
    sentence: (f) => `It ended without a failure (exit code 0)${times(f)}; a preview has to keep running.`,
    todo: () => 'Check what the image starts, or set command in preview.yaml.',
    field: 'command',
  },
  'out-of-memory': {
    turn: 'maker',
    headline: 'the app needs more memory',
    sentence: (f) => `It used more memory than its size has and was ended${times(f)}.`,
    todo: (_, contact) => `Choose a larger size in preview.yaml; for more than the largest, ask ${contact}.`,
    field: 'size',
  },
  'disk-full': {
    turn: 'maker',
    headline: 'the app writes too much to disk',
    sentence: () => 'It wrote more to disk than a preview may and was ended.',
    todo: (_, contact) => `Write less to disk, or ask ${contact}.`,
    field: null,
  },
  'cannot-start': {
    turn: 'maker',
    headline: 'the command cannot be run',
    sentence: () => 'The image has no such program, or it is not executable.',
    todo: () => 'Check command in preview.yaml and what the image starts.',
    field: 'command',
  },
  release: {
    turn: 'maker',
    headline: 'the release step fails',
    sentence: (f) =>
      `The command of release ended with exit code ${f.code ?? 'unknown'}${times(f)}; the app starts after it.`,
    todo: () => 'Check release in preview.yaml.',
    field: 'release',
  },
  'no-answer-port': {
    turn: 'maker',
    headline: 'nothing answers on its port',
    sentence: ({ port }) => `The app runs, but nothing answers on port ${port ?? 'unknown'}.`,
    todo: () =>
      'Set port in preview.yaml to the one that your app listens on, at all addresses and not at localhost alone.',
    field: 'port',
  },
  'health-status': {
    turn: 'maker',
    headline: 'the health check fails',
    sentence: (f) =>
      `The app answers its health check${place(f) && ` (${place(f)})`} with status ${f.status ?? 'unknown'}.`,
    todo: () => 'Set health in preview.yaml to a path that answers with 200 when the app is ready.',
    field: 'health',
  },
  'health-slow': {
    turn: 'maker',
    headline: 'the health check does not answer',
    sentence: (f) => `The app does not answer its health check${place(f) && ` (${place(f)})`} in time.`,
    todo: () => 'Set health in preview.yaml to a path that answers at once.',
    field: 'health',
  },
  'too-large': {
    turn: 'maker',
    headline: 'it does not fit into its space',
    sentence: () => 'It asks for more than one preview may use in all.',
    todo: (_, contact) => `Choose a smaller size in preview.yaml, or ask ${contact}.`,
    field: 'size',
  },
  'no-room': {
    turn: 'nobody',
    headline: 'there is no room for it now',
    sentence: () => 'The cluster has no room for it at the moment.',
    todo: (_, contact) => `It starts by itself when there is room; if it lasts, tell ${contact}.`,
    field: null,
  },
  'secret-missing': {
    turn: 'maker',
    headline: 'a secret is missing',
    sentence: ({ name }) => `The store of secrets does not give ${quoted(name, 'one of its secrets')}.`,
    todo: (_, contact) => `Check secrets in preview.yaml, or ask ${contact} to add it.`,
    field: 'secrets',
  },
  'service-waiting': {
    turn: 'nobody',
    headline: 'its database is not ready yet',
    sentence: () => 'A service that the platform runs for it, such as its database, is not ready yet.',
    todo: (_, contact) => `It starts by itself when the service is there; if it lasts, tell ${contact}.`,
    field: null,
  },
  'secret-closed': {
    turn: 'maker',
    headline: 'its encrypted secrets do not open',
    sentence: () => 'The encrypted secrets that were committed do not open in this preview.',
    todo: (_, contact) =>
      `If they were sealed for another pull request, seal them again with \`greenroom secrets seal\`; otherwise ask ${contact} for the present key.`,
    field: 'secrets',
  },
  certificate: {
    turn: 'platform',
    headline: 'its address has no valid certificate',
    sentence: () => 'The certificate of its address is missing, expired or for another name.',
    todo: (_, contact) => ask(contact),
    field: null,
  },
  route: {
    turn: 'platform',
    headline: 'its address leads nowhere yet',
    sentence: () => 'The app runs; its address is not set up yet.',
    todo: (_, contact) => ask(contact),
    field: null,
  },
  refused: {
    turn: 'maker',
    headline: 'the cluster refused it',
    sentence: () => 'A rule of the platform refused it in the cluster.',
    todo: (_, contact) => `Change what it says, or ask ${contact}.`,
    field: null,
  },
  stuck: {
    turn: 'platform',
    headline: 'it cannot be deleted',
    sentence: ({ name }) =>
      `Its deletion waits for something that does not end${name === undefined ? '' : ` (${name})`}.`,
    todo: fixedByPlatform,
    field: null,
  },
  'not-applied': {
    turn: 'platform',
    headline: 'it could not be put in place',
    sentence: () => 'The cluster could not take over what was committed.',
    todo: fixedByPlatform,
    field: null,
  },
  unhealthy: {
    turn: 'maker',
    headline: 'the app does not become ready',
    sentence: () => 'It was put in place, and the app does not become ready.',
    todo: (_, contact) =>
      `Check that it starts with the settings in preview.yaml; the details are known to ${contact}.`,
    field: null,
  },
  'answers-status': {
    turn: 'maker',
    headline: 'it answers with an error',
    sentence: ({ status }) => `Its address answers with status ${status ?? 'unknown'}.`,
    todo: () => 'The app runs; look for the error in it.',
    field: null,
  },
  'no-backend': {
    turn: 'maker',
    headline: 'the app does not answer',
    sentence: ({ status }) =>
      `Its address is there, and no app behind it answers${status === undefined ? '' : ` (status ${status})`}.`,
    todo: () => 'Check port, health and env in preview.yaml.',
    field: 'port',
  },
  'nothing-shown': {
    turn: 'maker',
    headline: 'its address shows nothing',
    sentence: ({ status }) => `Its address answers with status ${status ?? 404}, as if there were no app.`,
    todo: (_, contact) => `Check that your app shows something at its first page; if it does, tell ${contact}.`,
    field: null,
  },
  'no-address': {
    turn: 'platform',
    headline: 'its address does not answer',
    sentence: () => 'Nothing answers at its address.',
    todo: (_, contact) => ask(contact),
    field: null,
  },
  pulling: progress('It gets its image; the link comes when it answers.'),
  checking: progress('The app has started; the link comes when its health check answers.'),
  placing: progress('It waits for a machine to run on.'),
  applied: progress('It was put in place; the link comes when it answers.'),
  [NOT_REPEATED]: progress('An earlier problem was not reported again; the link comes when it answers.'),
  applying: progress('What was committed is being put in place.'),
};

function progress(words: string): Reason {
  return { turn: 'nobody', headline: '', sentence: () => words, todo: null, field: null };
}

const UNKNOWN: Reason = {
  turn: 'platform',
  headline: 'it does not work',
  sentence: () => 'Something is wrong with it.',
  todo: fixedByPlatform,
  field: null,
};

/** The reason with this id; a general one for an unknown id. */
export function reasonOf(id: string): Reason {
  return Object.hasOwn(REASONS, id) ? REASONS[id]! : UNKNOWN;
}
