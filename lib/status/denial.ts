/** `admission webhook "x" denied the request: SENTENCE`, `ValidatingAdmissionPolicy 'x' ... denied request: SENTENCE`. */
const DENIED = /denied (?:the )?request: ([\s\S]+)$/i;
/** Kinds of objects that a maker writes; if one of a fence is denied, the platform must act. Plurals as in resource names. */
const OF_MAKERS =
  /\b(?:deployment|statefulset|cronjob|job|pod|service|ingress(?:e)?|httproute|configmap|secret|externalsecret|sealedsecret|persistentvolumeclaim)s?\b(?!account)/i;

/** The sentence of the rule that refused an object at admission; null if the message is not about that. */
export function denialIn(message: string): string | null {
  return DENIED.exec(message)?.[1]?.trim() || null;
}

/** The same for an object of the maker that a reconciler could not apply. */
export function denialOfMakers(message: string): string | null {
  const [about = ''] = message.split(/denied (?:the )?request:/i);
  return OF_MAKERS.test(about) ? denialIn(message) : null;
}
