/**
 * Objects of the kinds that makers bring along, each with many of its fields set: check and the API server both take
 * them as they stand. The Deployment alone has a whole pod; the others have the shortest that passes.
 */
export const BASES: readonly string[] = [
  `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: { app: shop }
  annotations: { description: what the shop reads }
immutable: false
data: { app.properties: "color=blue", LEVEL: debug }`,
  `apiVersion: v1
kind: Service
metadata: { name: shop, labels: { app: shop } }
spec:
  type: ClusterIP
  selector: { app: shop }
  sessionAffinity: ClientIP
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } }
  internalTrafficPolicy: Cluster
  ipFamilyPolicy: SingleStack
  publishNotReadyAddresses: false
  ports:
    - { name: http, port: 80, targetPort: http, protocol: TCP, appProtocol: http }
    - { name: admin, port: 9000, targetPort: 9000 }`,
  `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: files }
spec:
  accessModes: [ReadWriteOnce]
  volumeMode: Filesystem
  storageClassName: standard
  resources: { requests: { storage: 1Gi }, limits: { storage: 2Gi } }`,
  `apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, labels: { app: shop } }
spec:
  replicas: 1
  minReadySeconds: 1
  paused: false
  progressDeadlineSeconds: 600
  revisionHistoryLimit: 2
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 25% } }
  selector:
    matchLabels: { app: shop }
    matchExpressions: [{ key: app, operator: In, values: [shop] }]
  template:
    metadata: { labels: { app: shop }, annotations: { description: a shop } }
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      shareProcessNamespace: false
      restartPolicy: Always
      terminationGracePeriodSeconds: 20
      dnsPolicy: ClusterFirst
      dnsConfig: { options: [{ name: ndots, value: "2" }] }
      hostname: shop
      subdomain: shops
      imagePullSecrets: [{ name: pull }]
      nodeSelector: { kubernetes.io/arch: amd64 }
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        runAsGroup: 1000
        fsGroup: 1000
        fsGroupChangePolicy: OnRootMismatch
        supplementalGroups: [2000]
        seccompProfile: { type: RuntimeDefault }
        sysctls: [{ name: net.ipv4.ip_unprivileged_port_start, value: "80" }]
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: { matchLabels: { app: shop } }
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 10
              podAffinityTerm: { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: shop } } }
      initContainers:
        - name: prepare
          image: ghcr.io/acme/shop:pr-7
          command: [node, prepare.js]
          resources: { limits: { cpu: 200m, memory: 128Mi }, requests: { cpu: 100m, memory: 64Mi } }
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
      containers:
        - name: shop
          image: ghcr.io/acme/shop:pr-7
          imagePullPolicy: IfNotPresent
          command: [node, server.js]
          args: [--port, "8080"]
          workingDir: /app
          ports: [{ name: http, containerPort: 8080, protocol: TCP }]
          env:
            - { name: LEVEL, value: debug }
            - { name: COLOR, valueFrom: { configMapKeyRef: { name: settings, key: color, optional: true } } }
            - { name: SELF, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
            - { name: CORES, valueFrom: { resourceFieldRef: { resource: limits.cpu, divisor: "1" } } }
            - { name: KEY, valueFrom: { secretKeyRef: { name: shop, key: KEY } } }
          envFrom: [{ prefix: A_, configMapRef: { name: settings } }]
          resources: { limits: { cpu: 500m, memory: 256Mi }, requests: { cpu: 100m, memory: 128Mi } }
          resizePolicy: [{ resourceName: cpu, restartPolicy: NotRequired }]
          securityContext:
            allowPrivilegeEscalation: false
            privileged: false
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            runAsUser: 1000
            capabilities: { drop: [ALL], add: [NET_BIND_SERVICE] }
            seccompProfile: { type: RuntimeDefault }
          startupProbe: { tcpSocket: { port: http }, failureThreshold: 30 }
          readinessProbe:
            httpGet: { path: /healthz, port: http, scheme: HTTP, httpHeaders: [{ name: Accept, value: text/html }] }
            initialDelaySeconds: 1
            periodSeconds: 5
            timeoutSeconds: 2
            successThreshold: 1
            failureThreshold: 3
          livenessProbe: { exec: { command: [node, alive.js] }, terminationGracePeriodSeconds: 5 }
          lifecycle: { preStop: { sleep: { seconds: 2 } }, postStart: { exec: { command: [node, started.js] } } }
          terminationMessagePath: /tmp/ended
          terminationMessagePolicy: File
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
            - { name: settings, mountPath: /settings, subPath: app, readOnly: true }
            - { name: all, mountPath: /all, readOnly: true }
      volumes:
        - { name: tmp, emptyDir: { sizeLimit: 100Mi } }
        - name: settings
          configMap: { name: settings, defaultMode: 420, optional: true, items: [{ key: app, path: app, mode: 292 }] }
        - { name: hidden, secret: { secretName: shop, defaultMode: 256, items: [{ key: a, path: a }] } }
        - name: pod
          downwardAPI: { defaultMode: 420, items: [{ path: labels, fieldRef: { fieldPath: metadata.labels } }] }
        - name: all
          projected:
            defaultMode: 292
            sources:
              - configMap: { name: settings, items: [{ key: b, path: b }] }
              - secret: { name: shop }`,
  `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: queue }
spec:
  replicas: 1
  serviceName: queue
  minReadySeconds: 0
  podManagementPolicy: OrderedReady
  revisionHistoryLimit: 1
  ordinals: { start: 1 }
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Delete, whenScaled: Delete }
  updateStrategy: { type: RollingUpdate, rollingUpdate: { partition: 0 } }
  selector: { matchLabels: { app: queue } }
  template:
    metadata: { labels: { app: queue } }
    spec: POD
  volumeClaimTemplates:
    - metadata: { name: disk }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }`,
  `apiVersion: batch/v1
kind: Job
metadata: { name: seed }
spec:
  backoffLimit: 1
  activeDeadlineSeconds: 600
  ttlSecondsAfterFinished: 60
  completions: 2
  parallelism: 1
  completionMode: NonIndexed
  podReplacementPolicy: Failed
  podFailurePolicy:
    rules:
      - { action: FailJob, onExitCodes: { containerName: app, operator: In, values: [42] } }
      - { action: Ignore, onPodConditions: [{ type: DisruptionTarget, status: "True" }] }
  suspend: false
  template:
    metadata: { labels: { app: seed } }
    spec: ENDING_POD`,
  `apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "*/5 * * * *"
  timeZone: Europe/Berlin
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 60
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 1
  suspend: false
  jobTemplate:
    metadata: { labels: { app: nightly } }
    spec:
      backoffLimit: 1
      template:
        metadata: { labels: { app: nightly } }
        spec: ENDING_POD`,
  `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  ingressClassName: nginx
  tls: [{ hosts: [pr-any-1.apps.example.com] }]
  rules:
    - host: pr-any-1.apps.example.com
      http:
        paths: [{ path: /, pathType: Prefix, backend: { service: { name: shop, port: { number: 80 } } } }]`,
  `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: shop }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }
  minReplicas: 1
  maxReplicas: 3
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 60
      selectPolicy: Max
      policies: [{ type: Percent, value: 50, periodSeconds: 60 }]`,
  `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: shop }
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector: { matchLabels: { app: shop }, matchExpressions: [{ key: app, operator: Exists }] }`,
];

const POD = `
      {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } },
        containers:
          [
            {
              name: app,
              image: "ghcr.io/acme/shop:pr-7",
              resources: { limits: { cpu: 500m, memory: 256Mi }, requests: { cpu: 100m, memory: 128Mi } },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } },
            },
          ],
      }`.replaceAll(/\s+/g, ' ');

export const baseTexts = (): string[] =>
  BASES.map((text) => text.replace('ENDING_POD', POD.replace('{', '{ restartPolicy: Never,')).replace('POD', POD));
