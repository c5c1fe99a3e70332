const pod = (more: string, container = '') =>
  `{ apiVersion: v1, kind: Pod, metadata: { name: a }, spec: { containers: [{ name: a, image: a${container} }]${more} } }`;
const service = (more: string, port = '') =>
  `{ apiVersion: v1, kind: Service, metadata: { name: a }, spec: { ports: [{ port: 80${port} }]${more} } }`;
const template = 'template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: a, image: a }] } }';
const apps = (kind: string, more: string) =>
  `{ apiVersion: apps/v1, kind: ${kind}, metadata: { name: a }, spec: { selector: { matchLabels: { a: b } }, ${template}${more} } }`;
const job = (restartPolicy: string) =>
  `template: { spec: { restartPolicy: ${restartPolicy}, containers: [{ name: a, image: a }] } }`;
const cron = (more: string) =>
  `{ apiVersion: batch/v1, kind: CronJob, metadata: { name: a }, spec: { schedule: "0 3 * * *", jobTemplate: { spec: { ${job('Never')} } }${more} } }`;
const port = '{ service: { name: a, port: { number: 80 } } }';
const ingress = (rule: string, path: string) =>
  `{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: { rules: [{ ${rule}http: { paths: [{ path: /, ${path}, backend: ${port} }] } }] } }`;

/** Objects in which an optional text is empty. An API server takes these as if the field were not there. */
export const UNSET: readonly string[] = [
  pod(', hostname: "", subdomain: ""'),
  pod(', restartPolicy: "", dnsPolicy: ""'),
  pod('', ', imagePullPolicy: "", terminationMessagePolicy: ""'),
  pod('', ', ports: [{ containerPort: 80, name: "", protocol: "" }]'),
  pod('', ', livenessProbe: { httpGet: { port: 80, scheme: "" } }'),
  pod(', volumes: [{ name: a, image: { reference: a, pullPolicy: "" } }]'),
  service(', type: "", sessionAffinity: "", externalTrafficPolicy: ""'),
  service('', ', name: "", protocol: "", targetPort: ""'),
  apps('Deployment', ', strategy: { type: "" }'),
  apps('DaemonSet', ', updateStrategy: { type: "" }'),
  apps('StatefulSet', ', updateStrategy: { type: "" }, podManagementPolicy: ""'),
  apps('StatefulSet', ', persistentVolumeClaimRetentionPolicy: { whenDeleted: "", whenScaled: "" }'),
  cron(', concurrencyPolicy: ""'),
  ingress('host: "", ', 'pathType: Prefix'),
];

/** Objects in which an empty text is a value, or the default does not fit: an API server refuses these. */
export const WRONG: readonly string[] = [
  pod(', runtimeClassName: ""'),
  pod(', os: { name: "" }'),
  pod(', securityContext: { fsGroupChangePolicy: "" }'),
  service(', ipFamilyPolicy: ""'),
  service(', internalTrafficPolicy: ""'),
  `{ apiVersion: batch/v1, kind: Job, metadata: { name: a }, spec: { ${job('""')} } }`,
  cron(', timeZone: ""'),
  ingress('', 'pathType: ""'),
];
