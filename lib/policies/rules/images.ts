import { CONTAINERS, type Condition, VOLUMES } from '../rule.ts';

const LABEL = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
const HOST = `(${LABEL}([.]${LABEL})+(:[0-9]{1,5})?|${LABEL}:[0-9]{1,5}|localhost)`;
const SEGMENT = '[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*';
const TAG = '(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?';
const DIGEST = '(@sha256:[a-f0-9]{64}|@sha512:[a-f0-9]{128})?';

/**
 * A reference by the grammar of distribution, narrowed: the host is written out (it has a dot or a port, or is
 * localhost), in lower case, and digests are of the two registered algorithms. What is more lenient somewhere could
 * name another image there.
 */
export const REFERENCE = `^${HOST}(/${SEGMENT})+${TAG}${DIGEST}$`;

/** Longest reference that is read: host, repository and tag at their longest stay below. */
const MAX_REFERENCE = 512;

/** CEL: whether the text is a reference by the grammar. */
export function isReference(image: string): string {
  return `${image}.size() <= ${MAX_REFERENCE} && ${image}.matches(r"${REFERENCE}")`;
}

/** A condition on every image of a pod: of its containers, and of volumes that are images. */
export function onImages(cel: (image: string) => string): [Condition, Condition] {
  return [
    { over: CONTAINERS, cel: `has(it.image) && ${cel('it.image')}`, field: 'image' },
    {
      over: VOLUMES,
      cel: `!has(it.image) || (has(it.image.reference) && ${cel('it.image.reference')})`,
      field: 'image.reference',
    },
  ];
}
