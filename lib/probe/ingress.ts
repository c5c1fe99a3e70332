/** An error page of an ingress, which answers instead of the app. */
export interface IngressPage {
  readonly by: string;
  /** `nothing`: no app for this address. `no-app`: there is one, but it does not answer. */
  readonly means: 'nothing' | 'no-app';
  readonly status: readonly number[];
  /** @default - any */
  readonly server?: RegExp;
  /** Of the start of the body. */
  readonly body: RegExp;
}

const NGINX =
  /^<html>\s*<head><title>[^<]*<\/title><\/head>\s*<body>\s*<center><h1>[^<]*<\/h1><\/center>\s*<hr><center>nginx[^<]*<\/center>/;
const FAILED = [502, 503, 504];

/** Error pages of ingress controllers and load balancers, one row each. */
export const INGRESS_PAGES: readonly IngressPage[] = [
  { by: 'ingress-nginx', means: 'nothing', status: [404], body: /^default backend - 404/ },
  { by: 'ingress-nginx', means: 'nothing', status: [404], server: /^$|^nginx/, body: NGINX },
  { by: 'ingress-nginx', means: 'no-app', status: FAILED, body: NGINX },
  { by: 'Traefik', means: 'nothing', status: [404], body: /^404 page not found\n?$/ },
  {
    by: 'Traefik',
    means: 'no-app',
    status: FAILED,
    body: /^(Bad Gateway|Service Unavailable|Gateway Timeout|no available server)\n?$/,
  },
  { by: 'Envoy', means: 'nothing', status: [404], server: /envoy/, body: /^$/ },
  {
    by: 'Envoy',
    means: 'no-app',
    status: FAILED,
    body: /^(no healthy upstream|upstream connect error|upstream request timeout)/,
  },
  { by: 'Envoy', means: 'no-app', status: [500, ...FAILED], server: /envoy/, body: /^$/ },
  {
    by: 'HAProxy',
    means: 'nothing',
    status: [404],
    body: /^default backend - 404|The requested URL .* was not found.*HAProxy/s,
  },
  { by: 'HAProxy', means: 'no-app', status: FAILED, body: /^<html><body><h1>50[234] [^<]*<\/h1>/ },
  { by: 'Kong', means: 'nothing', status: [404], body: /no Route matched with those values/ },
  {
    by: 'Kong',
    means: 'no-app',
    status: FAILED,
    body: /failure to get a peer from the ring-balancer|An invalid response was received from the upstream server/,
  },
  { by: 'Google', means: 'nothing', status: [404], body: /^(default backend - 404|response 404 \(backend NotFound\))/ },
  {
    by: 'Google',
    means: 'no-app',
    status: FAILED,
    body: /^(no healthy upstream|.*Error: Server Error.*The server encountered a temporary error)/s,
  },
  { by: 'AWS', means: 'no-app', status: FAILED, server: /^awselb/, body: /^<html>\s*<head><title>50\d/ },
];

/** The row that matches an answer; null if the app itself answered. */
export function ingressPage(status: number, server: string, body: string): IngressPage | null {
  const text = body.trimStart();
  return (
    INGRESS_PAGES.find(
      (page) => page.status.includes(status) && (page.server?.test(server) ?? true) && page.body.test(text),
    ) ?? null
  );
}
