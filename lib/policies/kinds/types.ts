// Written by `npx vitest run --config vitest.conformance.config.ts test/conformance/kinds.test.ts -u`; edits are lost.
// Source: the API description of Kubernetes (api/openapi-spec/swagger.json, Apache-2.0), without what only clusters write.

/** Fields of the types that makers write, each with its type; a name that ends in `!` is required. `[]` is a list, `{}` a map, `=` another name. */
export const TYPES: Readonly<Record<string, string>> = {
  AWSElasticBlockStoreVolumeSource: 'fsType text, partition int32, readOnly flag, volumeID! text',
  Affinity: 'nodeAffinity NodeAffinity, podAffinity PodAffinity, podAntiAffinity PodAntiAffinity',
  AppArmorProfile: 'localhostProfile text, type! text',
  AzureDiskVolumeSource: 'cachingMode text, diskName! text, diskURI! text, fsType text, kind text, readOnly flag',
  AzureFileVolumeSource: 'readOnly flag, secretName! text, shareName! text',
  CSIVolumeSource:
    'driver! text, fsType text, nodePublishSecretRef LocalObjectReference, readOnly flag, volumeAttributes {}text',
  Capabilities: 'add []text, drop []text',
  CephFSVolumeSource:
    'monitors! []text, path text, readOnly flag, secretFile text, secretRef LocalObjectReference, user text',
  CinderVolumeSource: 'fsType text, readOnly flag, secretRef LocalObjectReference, volumeID! text',
  ClientIPConfig: 'timeoutSeconds int32',
  ClusterTrustBundleProjection: 'labelSelector LabelSelector, name text, optional flag, path! text, signerName text',
  ConfigMapEnvSource: 'name text, optional flag',
  ConfigMapKeySelector: 'key! text, name text, optional flag',
  ConfigMapProjection: 'items []KeyToPath, name text, optional flag',
  ConfigMapVolumeSource: 'defaultMode int32, items []KeyToPath, name text, optional flag',
  Container:
    'args []text, command []text, env []EnvVar, envFrom []EnvFromSource, image text, imagePullPolicy text, lifecycle Lifecycle, livenessProbe Probe, name! text, ports []ContainerPort, readinessProbe Probe, resizePolicy []ContainerResizePolicy, resources ResourceRequirements, restartPolicy text, restartPolicyRules []ContainerRestartRule, securityContext SecurityContext, startupProbe Probe, stdin flag, stdinOnce flag, terminationMessagePath text, terminationMessagePolicy text, tty flag, volumeDevices []VolumeDevice, volumeMounts []VolumeMount, workingDir text',
  ContainerPort: 'containerPort! int32, hostIP text, hostPort int32, name text, protocol text',
  ContainerResizePolicy: 'resourceName! text, restartPolicy! text',
  ContainerResourceMetricSource: 'container! text, name! text, target! MetricTarget',
  ContainerRestartRule: 'action! text, exitCodes ContainerRestartRuleOnExitCodes',
  ContainerRestartRuleOnExitCodes: 'operator! text, values []int32',
  CronJobSpec:
    'concurrencyPolicy text, failedJobsHistoryLimit int32, jobTemplate! JobTemplateSpec, schedule! text, startingDeadlineSeconds integer, successfulJobsHistoryLimit int32, suspend flag, timeZone text',
  CrossVersionObjectReference: 'apiVersion text, kind! text, name! text',
  DaemonSetSpec:
    'minReadySeconds int32, revisionHistoryLimit int32, selector! LabelSelector, template! PodTemplateSpec, updateStrategy DaemonSetUpdateStrategy',
  DaemonSetUpdateStrategy: 'rollingUpdate RollingUpdateDaemonSet, type text',
  DeploymentSpec:
    'minReadySeconds int32, paused flag, progressDeadlineSeconds int32, replicas int32, revisionHistoryLimit int32, selector! LabelSelector, strategy DeploymentStrategy, template! PodTemplateSpec',
  DeploymentStrategy: 'rollingUpdate RollingUpdateDeployment, type text',
  DownwardAPIProjection: 'items []DownwardAPIVolumeFile',
  DownwardAPIVolumeFile: 'fieldRef ObjectFieldSelector, mode int32, path! text, resourceFieldRef ResourceFieldSelector',
  DownwardAPIVolumeSource: 'defaultMode int32, items []DownwardAPIVolumeFile',
  EmptyDirVolumeSource: 'medium text, sizeLimit Quantity',
  EnvFromSource: 'configMapRef ConfigMapEnvSource, prefix text, secretRef SecretEnvSource',
  EnvVar: 'name! text, value text, valueFrom EnvVarSource',
  EnvVarSource:
    'configMapKeyRef ConfigMapKeySelector, fieldRef ObjectFieldSelector, fileKeyRef FileKeySelector, resourceFieldRef ResourceFieldSelector, secretKeyRef SecretKeySelector',
  EphemeralContainer:
    'args []text, command []text, env []EnvVar, envFrom []EnvFromSource, image text, imagePullPolicy text, lifecycle Lifecycle, livenessProbe Probe, name! text, ports []ContainerPort, readinessProbe Probe, resizePolicy []ContainerResizePolicy, resources ResourceRequirements, restartPolicy text, restartPolicyRules []ContainerRestartRule, securityContext SecurityContext, startupProbe Probe, stdin flag, stdinOnce flag, targetContainerName text, terminationMessagePath text, terminationMessagePolicy text, tty flag, volumeDevices []VolumeDevice, volumeMounts []VolumeMount, workingDir text',
  EphemeralVolumeSource: 'volumeClaimTemplate PersistentVolumeClaimTemplate',
  ExecAction: 'command []text',
  ExternalMetricSource: 'metric! MetricIdentifier, target! MetricTarget',
  FCVolumeSource: 'fsType text, lun int32, readOnly flag, targetWWNs []text, wwids []text',
  FileKeySelector: 'key! text, optional flag, path! text, volumeName! text',
  FlexVolumeSource: 'driver! text, fsType text, options {}text, readOnly flag, secretRef LocalObjectReference',
  FlockerVolumeSource: 'datasetName text, datasetUUID text',
  GCEPersistentDiskVolumeSource: 'fsType text, partition int32, pdName! text, readOnly flag',
  GRPCAction: 'port! int32, service text',
  GitRepoVolumeSource: 'directory text, repository! text, revision text',
  GlusterfsVolumeSource: 'endpoints! text, path! text, readOnly flag',
  HPAScalingPolicy: 'periodSeconds! int32, type! text, value! int32',
  HPAScalingRules:
    'policies []HPAScalingPolicy, selectPolicy text, stabilizationWindowSeconds int32, tolerance Quantity',
  HTTPGetAction: 'host text, httpHeaders []HTTPHeader, path text, port! IntOrString, scheme text',
  HTTPHeader: 'name! text, value! text',
  HTTPIngressPath: 'backend! IngressBackend, path text, pathType! text',
  HTTPIngressRuleValue: 'paths! []HTTPIngressPath',
  HorizontalPodAutoscalerBehavior: 'scaleDown HPAScalingRules, scaleUp HPAScalingRules',
  HorizontalPodAutoscalerSpec:
    'behavior HorizontalPodAutoscalerBehavior, maxReplicas! int32, metrics []MetricSpec, minReplicas int32, scaleTargetRef! CrossVersionObjectReference',
  HostAlias: 'hostnames []text, ip! text',
  HostPathVolumeSource: 'path! text, type text',
  ISCSIVolumeSource:
    'chapAuthDiscovery flag, chapAuthSession flag, fsType text, initiatorName text, iqn! text, iscsiInterface text, lun! int32, portals []text, readOnly flag, secretRef LocalObjectReference, targetPortal! text',
  ImageVolumeSource: 'pullPolicy text, reference text',
  IngressBackend: 'resource TypedLocalObjectReference, service IngressServiceBackend',
  IngressRule: 'host text, http HTTPIngressRuleValue',
  IngressServiceBackend: 'name! text, port ServiceBackendPort',
  IngressSpec: 'defaultBackend IngressBackend, ingressClassName text, rules []IngressRule, tls []IngressTLS',
  IngressTLS: 'hosts []text, secretName text',
  IntOrString: '= text|integer',
  JobSpec:
    'activeDeadlineSeconds integer, backoffLimit int32, backoffLimitPerIndex int32, completionMode text, completions int32, managedBy text, manualSelector flag, maxFailedIndexes int32, parallelism int32, podFailurePolicy PodFailurePolicy, podReplacementPolicy text, selector LabelSelector, successPolicy SuccessPolicy, suspend flag, template! PodTemplateSpec, ttlSecondsAfterFinished int32',
  JobTemplateSpec: 'metadata ObjectMeta, spec JobSpec',
  KeyToPath: 'key! text, mode int32, path! text',
  LabelSelector: 'matchExpressions []LabelSelectorRequirement, matchLabels {}text',
  LabelSelectorRequirement: 'key! text, operator! text, values []text',
  Lifecycle: 'postStart LifecycleHandler, preStop LifecycleHandler, stopSignal text',
  LifecycleHandler: 'exec ExecAction, httpGet HTTPGetAction, sleep SleepAction, tcpSocket TCPSocketAction',
  LocalObjectReference: 'name text',
  MetricIdentifier: 'name! text, selector LabelSelector',
  MetricSpec:
    'containerResource ContainerResourceMetricSource, external ExternalMetricSource, object ObjectMetricSource, pods PodsMetricSource, resource ResourceMetricSource, type! text',
  MetricTarget: 'averageUtilization int32, averageValue Quantity, type! text, value Quantity',
  NFSVolumeSource: 'path! text, readOnly flag, server! text',
  NodeAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm, requiredDuringSchedulingIgnoredDuringExecution NodeSelector',
  NodeSelector: 'nodeSelectorTerms! []NodeSelectorTerm',
  NodeSelectorRequirement: 'key! text, operator! text, values []text',
  NodeSelectorTerm: 'matchExpressions []NodeSelectorRequirement, matchFields []NodeSelectorRequirement',
  ObjectFieldSelector: 'apiVersion text, fieldPath! text',
  ObjectMeta:
    'annotations {}text, creationTimestamp Time, deletionGracePeriodSeconds integer, deletionTimestamp Time, finalizers []text, generateName text, generation integer, labels {}text, name text, namespace text, ownerReferences []OwnerReference, resourceVersion text, selfLink text, uid text',
  ObjectMetricSource: 'describedObject! CrossVersionObjectReference, metric! MetricIdentifier, target! MetricTarget',
  OwnerReference: 'apiVersion! text, blockOwnerDeletion flag, controller flag, kind! text, name! text, uid! text',
  PersistentVolumeClaim: 'apiVersion text, kind text, metadata ObjectMeta, spec PersistentVolumeClaimSpec',
  PersistentVolumeClaimSpec:
    'accessModes []text, dataSource TypedLocalObjectReference, dataSourceRef TypedObjectReference, resources VolumeResourceRequirements, selector LabelSelector, storageClassName text, volumeAttributesClassName text, volumeMode text, volumeName text',
  PersistentVolumeClaimTemplate: 'metadata ObjectMeta, spec! PersistentVolumeClaimSpec',
  PersistentVolumeClaimVolumeSource: 'claimName! text, readOnly flag',
  PhotonPersistentDiskVolumeSource: 'fsType text, pdID! text',
  PodAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm, requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm',
  PodAffinityTerm:
    'labelSelector LabelSelector, matchLabelKeys []text, mismatchLabelKeys []text, namespaceSelector LabelSelector, namespaces []text, topologyKey! text',
  PodAntiAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm, requiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm',
  PodCertificateProjection:
    'certificateChainPath text, credentialBundlePath text, keyPath text, keyType! text, maxExpirationSeconds int32, signerName! text, userAnnotations {}text',
  PodDNSConfig: 'nameservers []text, options []PodDNSConfigOption, searches []text',
  PodDNSConfigOption: 'name text, value text',
  PodDisruptionBudgetSpec:
    'maxUnavailable IntOrString, minAvailable IntOrString, selector LabelSelector, unhealthyPodEvictionPolicy text',
  PodFailurePolicy: 'rules! []PodFailurePolicyRule',
  PodFailurePolicyOnExitCodesRequirement: 'containerName text, operator! text, values! []int32',
  PodFailurePolicyOnPodConditionsPattern: 'type! text',
  PodFailurePolicyRule:
    'action! text, onExitCodes PodFailurePolicyOnExitCodesRequirement, onPodConditions []PodFailurePolicyOnPodConditionsPattern',
  PodOS: 'name! text',
  PodReadinessGate: 'conditionType! text',
  PodResourceClaim: 'name! text, resourceClaimName text, resourceClaimTemplateName text',
  PodSchedulingGate: 'name! text',
  PodSchedulingGroup: 'podGroupName text',
  PodSecurityContext:
    'appArmorProfile AppArmorProfile, fsGroup integer, fsGroupChangePolicy text, runAsGroup integer, runAsNonRoot flag, runAsUser integer, seLinuxChangePolicy text, seLinuxOptions SELinuxOptions, seccompProfile SeccompProfile, supplementalGroups []integer, supplementalGroupsPolicy text, sysctls []Sysctl, windowsOptions WindowsSecurityContextOptions',
  PodSpec:
    'activeDeadlineSeconds integer, affinity Affinity, automountServiceAccountToken flag, containers! []Container, dnsConfig PodDNSConfig, dnsPolicy text, enableServiceLinks flag, ephemeralContainers []EphemeralContainer, hostAliases []HostAlias, hostIPC flag, hostNetwork flag, hostPID flag, hostUsers flag, hostname text, hostnameOverride text, imagePullSecrets []LocalObjectReference, initContainers []Container, nodeName text, nodeSelector {}text, os PodOS, overhead {}Quantity, preemptionPolicy text, priority int32, priorityClassName text, readinessGates []PodReadinessGate, resourceClaims []PodResourceClaim, resources ResourceRequirements, restartPolicy text, runtimeClassName text, schedulerName text, schedulingGates []PodSchedulingGate, schedulingGroup PodSchedulingGroup, securityContext PodSecurityContext, serviceAccount text, serviceAccountName text, setHostnameAsFQDN flag, shareProcessNamespace flag, subdomain text, terminationGracePeriodSeconds integer, tolerations []Toleration, topologySpreadConstraints []TopologySpreadConstraint, volumes []Volume',
  PodTemplateSpec: 'metadata ObjectMeta, spec PodSpec',
  PodsMetricSource: 'metric! MetricIdentifier, target! MetricTarget',
  PortworxVolumeSource: 'fsType text, readOnly flag, volumeID! text',
  PreferredSchedulingTerm: 'preference! NodeSelectorTerm, weight! int32',
  Probe:
    'exec ExecAction, failureThreshold int32, grpc GRPCAction, httpGet HTTPGetAction, initialDelaySeconds int32, periodSeconds int32, successThreshold int32, tcpSocket TCPSocketAction, terminationGracePeriodSeconds integer, timeoutSeconds int32',
  ProjectedVolumeSource: 'defaultMode int32, sources []VolumeProjection',
  Quantity: '= amount',
  QuobyteVolumeSource: 'group text, readOnly flag, registry! text, tenant text, user text, volume! text',
  RBDVolumeSource:
    'fsType text, image! text, keyring text, monitors! []text, pool text, readOnly flag, secretRef LocalObjectReference, user text',
  ReplicaSetSpec: 'minReadySeconds int32, replicas int32, selector! LabelSelector, template PodTemplateSpec',
  ResourceClaim: 'name! text, request text',
  ResourceFieldSelector: 'containerName text, divisor Quantity, resource! text',
  ResourceMetricSource: 'name! text, target! MetricTarget',
  ResourceRequirements: 'claims []ResourceClaim, limits {}Quantity, requests {}Quantity',
  RollingUpdateDaemonSet: 'maxSurge IntOrString, maxUnavailable IntOrString',
  RollingUpdateDeployment: 'maxSurge IntOrString, maxUnavailable IntOrString',
  RollingUpdateStatefulSetStrategy: 'maxUnavailable IntOrString, partition int32',
  SELinuxOptions: 'level text, role text, type text, user text',
  ScaleIOVolumeSource:
    'fsType text, gateway! text, protectionDomain text, readOnly flag, secretRef! LocalObjectReference, sslEnabled flag, storageMode text, storagePool text, system! text, volumeName text',
  SeccompProfile: 'localhostProfile text, type! text',
  SecretEnvSource: 'name text, optional flag',
  SecretKeySelector: 'key! text, name text, optional flag',
  SecretProjection: 'items []KeyToPath, name text, optional flag',
  SecretVolumeSource: 'defaultMode int32, items []KeyToPath, optional flag, secretName text',
  SecurityContext:
    'allowPrivilegeEscalation flag, appArmorProfile AppArmorProfile, capabilities Capabilities, privileged flag, procMount text, readOnlyRootFilesystem flag, runAsGroup integer, runAsNonRoot flag, runAsUser integer, seLinuxOptions SELinuxOptions, seccompProfile SeccompProfile, windowsOptions WindowsSecurityContextOptions',
  ServiceAccountTokenProjection: 'audience text, expirationSeconds integer, path! text',
  ServiceBackendPort: 'name text, number int32',
  ServicePort: 'appProtocol text, name text, nodePort int32, port! int32, protocol text, targetPort IntOrString',
  ServiceSpec:
    'allocateLoadBalancerNodePorts flag, clusterIP text, clusterIPs []text, externalIPs []text, externalName text, externalTrafficPolicy text, healthCheckNodePort int32, internalTrafficPolicy text, ipFamilies []text, ipFamilyPolicy text, loadBalancerClass text, loadBalancerIP text, loadBalancerSourceRanges []text, ports []ServicePort, publishNotReadyAddresses flag, selector {}text, sessionAffinity text, sessionAffinityConfig SessionAffinityConfig, trafficDistribution text, type text',
  SessionAffinityConfig: 'clientIP ClientIPConfig',
  SleepAction: 'seconds! integer',
  StatefulSetOrdinals: 'start int32',
  StatefulSetPersistentVolumeClaimRetentionPolicy: 'whenDeleted text, whenScaled text',
  StatefulSetSpec:
    'minReadySeconds int32, ordinals StatefulSetOrdinals, persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy, podManagementPolicy text, replicas int32, revisionHistoryLimit int32, selector! LabelSelector, serviceName text, template! PodTemplateSpec, updateStrategy StatefulSetUpdateStrategy, volumeClaimTemplates []PersistentVolumeClaim',
  StatefulSetUpdateStrategy: 'rollingUpdate RollingUpdateStatefulSetStrategy, type text',
  StorageOSVolumeSource:
    'fsType text, readOnly flag, secretRef LocalObjectReference, volumeName text, volumeNamespace text',
  SuccessPolicy: 'rules! []SuccessPolicyRule',
  SuccessPolicyRule: 'succeededCount int32, succeededIndexes text',
  Sysctl: 'name! text, value! text',
  TCPSocketAction: 'host text, port! IntOrString',
  Time: '= text',
  Toleration: 'effect text, key text, operator text, tolerationSeconds integer, value text',
  TopologySpreadConstraint:
    'labelSelector LabelSelector, matchLabelKeys []text, maxSkew! int32, minDomains int32, nodeAffinityPolicy text, nodeTaintsPolicy text, topologyKey! text, whenUnsatisfiable! text',
  TypedLocalObjectReference: 'apiGroup text, kind! text, name! text',
  TypedObjectReference: 'apiGroup text, kind! text, name! text, namespace text',
  Volume:
    'awsElasticBlockStore AWSElasticBlockStoreVolumeSource, azureDisk AzureDiskVolumeSource, azureFile AzureFileVolumeSource, cephfs CephFSVolumeSource, cinder CinderVolumeSource, configMap ConfigMapVolumeSource, csi CSIVolumeSource, downwardAPI DownwardAPIVolumeSource, emptyDir EmptyDirVolumeSource, ephemeral EphemeralVolumeSource, fc FCVolumeSource, flexVolume FlexVolumeSource, flocker FlockerVolumeSource, gcePersistentDisk GCEPersistentDiskVolumeSource, gitRepo GitRepoVolumeSource, glusterfs GlusterfsVolumeSource, hostPath HostPathVolumeSource, image ImageVolumeSource, iscsi ISCSIVolumeSource, name! text, nfs NFSVolumeSource, persistentVolumeClaim PersistentVolumeClaimVolumeSource, photonPersistentDisk PhotonPersistentDiskVolumeSource, portworxVolume PortworxVolumeSource, projected ProjectedVolumeSource, quobyte QuobyteVolumeSource, rbd RBDVolumeSource, scaleIO ScaleIOVolumeSource, secret SecretVolumeSource, storageos StorageOSVolumeSource, vsphereVolume VsphereVirtualDiskVolumeSource',
  VolumeDevice: 'devicePath! text, name! text',
  VolumeMount:
    'mountPath! text, mountPropagation text, name! text, readOnly flag, recursiveReadOnly text, subPath text, subPathExpr text',
  VolumeProjection:
    'clusterTrustBundle ClusterTrustBundleProjection, configMap ConfigMapProjection, downwardAPI DownwardAPIProjection, podCertificate PodCertificateProjection, secret SecretProjection, serviceAccountToken ServiceAccountTokenProjection',
  VolumeResourceRequirements: 'limits {}Quantity, requests {}Quantity',
  VsphereVirtualDiskVolumeSource: 'fsType text, storagePolicyID text, storagePolicyName text, volumePath! text',
  WeightedPodAffinityTerm: 'podAffinityTerm! PodAffinityTerm, weight! int32',
  WindowsSecurityContextOptions:
    'gmsaCredentialSpec text, gmsaCredentialSpecName text, hostProcess flag, runAsUserName text',
  'apps/v1 DaemonSet': 'apiVersion! text, kind! text, metadata ObjectMeta, spec DaemonSetSpec',
  'apps/v1 Deployment': 'apiVersion! text, kind! text, metadata ObjectMeta, spec DeploymentSpec',
  'apps/v1 ReplicaSet': 'apiVersion! text, kind! text, metadata ObjectMeta, spec ReplicaSetSpec',
  'apps/v1 StatefulSet': 'apiVersion! text, kind! text, metadata ObjectMeta, spec StatefulSetSpec',
  'autoscaling/v2 HorizontalPodAutoscaler':
    'apiVersion! text, kind! text, metadata ObjectMeta, spec! HorizontalPodAutoscalerSpec',
  'batch/v1 CronJob': 'apiVersion! text, kind! text, metadata ObjectMeta, spec! CronJobSpec',
  'batch/v1 Job': 'apiVersion! text, kind! text, metadata ObjectMeta, spec JobSpec',
  'networking.k8s.io/v1 Ingress': 'apiVersion! text, kind! text, metadata ObjectMeta, spec IngressSpec',
  'policy/v1 PodDisruptionBudget': 'apiVersion! text, kind! text, metadata ObjectMeta, spec PodDisruptionBudgetSpec',
  'v1 ConfigMap': 'apiVersion! text, binaryData {}text, data {}text, immutable flag, kind! text, metadata ObjectMeta',
  'v1 PersistentVolumeClaim': 'apiVersion! text, kind! text, metadata ObjectMeta, spec PersistentVolumeClaimSpec',
  'v1 Pod': 'apiVersion! text, kind! text, metadata ObjectMeta, spec PodSpec',
  'v1 Service': 'apiVersion! text, kind! text, metadata ObjectMeta, spec ServiceSpec',
};
