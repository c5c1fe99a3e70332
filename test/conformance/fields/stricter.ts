/**
 * Where check refuses more than an API server does, on purpose. Each is a part of its sentence.
 */
const STRICTER: readonly string[] = [
  // Only the cluster sets these, other controllers wait for them, or not every cluster serves them.
  ': remove it',
  // No such object can exist, so that the pod would wait for it forever.
  'must be a name of at most 253',
  // The API server takes an empty text, or an empty item, for a missing one; nobody writes these on purpose.
  'found an empty text',
  'is an empty item of a list',
  // Its own description says that these are needed.
  'needs seconds, which is missing',
  'needs value, which is missing',
  'needs rules, which is missing',
  'found none',
  // Found when the pod starts.
  'must be a path without a colon',
  'must be a key such as app or example.com/app',
  'must be empty or Memory',
  // Found when the job is made.
  'a label is at most 63',
  'a key has at most 63',
  // JSON keeps no more digits, and YAML readers differ.
  'more digits than can be kept',
  // A Service is named by a DNS label in every version of Kubernetes; digits at its start came late.
  'digits and dashes that begin with a letter',
  'metadata.namespace: must be a text',
  'targetPort: must be a port from 1',
  'revisionHistoryLimit: must be at least 0',
  'limits: must be an amount from 0',
];

export const isStricter = (problem: string): boolean => STRICTER.some((part) => problem.includes(part));
