/** A field of a message. */
export interface Field {
	name: string;
	type: string;
	repeated: boolean;
	/** Its own fields stand in the parent, as a volume's source does. */
	inline: boolean;
}

/** Fields of a message by number. */
export function messageFields(type: string): Map<number, Field> {
	const text = MESSAGES[type];
	if (text === undefined) {
		throw new Error(`no schema for ${type}`);
	}
	const known = cache.get(type);
	if (known) {
		return known;
	}
	const fields = new Map(text.split(/\s+/).filter(Boolean).map(parseField));
	cache.set(type, fields);
	return fields;
}

const cache = new Map<string, Map<number, Field>>();

/** `number:name:type`; `[]` behind the type means a list, `!` that the fields stand in the parent. */
function parseField(text: string): [number, Field] {
	const [number = '', name = '', type = 'string'] = text.split(':');
	const bare = type.replace(/\[\]|!/, '');
	const field = { name, type: bare, repeated: type.endsWith('[]'), inline: type.endsWith('!') };
	return [Number(number), field];
}

/** The messages that kubectl sends, from k8s.io/api and k8s.io/apimachinery (generated.proto); no type means a text. */
const MESSAGES: Record<string, string> = {
	Unknown: '1:typeMeta:TypeMeta 2:raw:bytes 3:contentEncoding 4:contentType',
	TypeMeta: '1:apiVersion 2:kind',
	MapEntry: '1:key 2:value',
	Quantity: '1:string',
	Time: '1:seconds:int',
	ObjectMeta:
		'1:name 2:generateName 3:namespace 5:uid 6:resourceVersion 11:labels:map 12:annotations:map 13:ownerReferences:OwnerReference[]',
	OwnerReference: '1:kind 3:name 4:uid 5:apiVersion 6:controller:bool 7:blockOwnerDeletion:bool',
	Namespace: '1:metadata:ObjectMeta',
	ConfigMap: '1:metadata:ObjectMeta 2:data:map',
	ServiceAccount: '1:metadata:ObjectMeta',
	SelfSubjectReview: '1:metadata:ObjectMeta',
	SelfSubjectAccessReview: '1:metadata:ObjectMeta 2:spec:SelfSubjectAccessReviewSpec',
	SelfSubjectAccessReviewSpec: '1:resourceAttributes:ResourceAttributes',
	ResourceAttributes: '1:namespace 2:verb 3:group 4:version 5:resource 6:subresource 7:name',
	SelfSubjectRulesReview: '1:metadata:ObjectMeta 2:spec:SelfSubjectRulesReviewSpec',
	SelfSubjectRulesReviewSpec: '1:namespace',
	DeleteOptions: '1:gracePeriodSeconds:int 4:propagationPolicy 5:dryRun:string[]',
	Pod: '1:metadata:ObjectMeta 2:spec:PodSpec',
	PodSpec: `1:volumes:Volume[] 2:containers:Container[] 3:restartPolicy 4:terminationGracePeriodSeconds:int
		6:dnsPolicy 7:nodeSelector:map 8:serviceAccountName 9:serviceAccount 10:nodeName 11:hostNetwork:bool 12:hostPID:bool
		13:hostIPC:bool 14:securityContext:PodSecurityContext 15:imagePullSecrets:LocalObjectReference[] 16:hostname
		17:subdomain 19:schedulerName 20:initContainers:Container[] 21:automountServiceAccountToken:bool
		22:tolerations:Toleration[] 25:priority:int 27:shareProcessNamespace:bool 30:enableServiceLinks:bool
		31:preemptionPolicy 34:ephemeralContainers:EphemeralContainer[] 36:os:PodOS 37:hostUsers:bool`,
	PodOS: '1:name',
	LocalObjectReference: '1:name',
	Toleration: '1:key 2:operator 3:value 4:effect 5:tolerationSeconds:int',
	PodSecurityContext: `1:seLinuxOptions:SELinuxOptions 2:runAsUser:int 3:runAsNonRoot:bool 4:supplementalGroups:int[]
		5:fsGroup:int 6:runAsGroup:int 10:seccompProfile:SeccompProfile`,
	SELinuxOptions: '1:user 2:role 3:type 4:level',
	SeccompProfile: '1:type 2:localhostProfile',
	EphemeralContainer: '1:common:Container! 2:targetContainerName',
	Container: `1:name 2:image 3:command:string[] 4:args:string[] 5:workingDir 6:ports:ContainerPort[] 7:env:EnvVar[]
		8:resources:Empty 9:volumeMounts:VolumeMount[] 13:terminationMessagePath 14:imagePullPolicy
		15:securityContext:SecurityContext 16:stdin:bool 17:stdinOnce:bool 18:tty:bool 19:envFrom:EnvFromSource[]
		20:terminationMessagePolicy 24:restartPolicy`,
	Empty: '',
	ContainerPort: '1:name 2:hostPort:int 3:containerPort:int 4:protocol 5:hostIP',
	EnvVar: '1:name 2:value 3:valueFrom:EnvVarSource',
	EnvVarSource: '1:fieldRef:ObjectFieldSelector 3:configMapKeyRef:KeySelector 4:secretKeyRef:KeySelector',
	ObjectFieldSelector: '1:apiVersion 2:fieldPath',
	KeySelector: '1:localObjectReference:LocalObjectReference! 2:key 3:optional:bool',
	EnvFromSource: '1:prefix 2:configMapRef:EnvSource 3:secretRef:EnvSource',
	EnvSource: '1:localObjectReference:LocalObjectReference! 2:optional:bool',
	VolumeMount: '1:name 2:readOnly:bool 3:mountPath 4:subPath 5:mountPropagation 6:subPathExpr',
	SecurityContext: `1:capabilities:Capabilities 2:privileged:bool 3:seLinuxOptions:SELinuxOptions 4:runAsUser:int
		5:runAsNonRoot:bool 6:readOnlyRootFilesystem:bool 7:allowPrivilegeEscalation:bool 8:runAsGroup:int 9:procMount
		11:seccompProfile:SeccompProfile`,
	Capabilities: '1:add:string[] 2:drop:string[]',
	Volume: '1:name 2:source:VolumeSource!',
	VolumeSource: `1:hostPath:HostPathVolumeSource 2:emptyDir:EmptyDirVolumeSource 6:secret:SecretVolumeSource
		19:configMap:ConfigMapVolumeSource 26:projected:ProjectedVolumeSource`,
	HostPathVolumeSource: '1:path 2:type',
	EmptyDirVolumeSource: '1:medium',
	SecretVolumeSource: '1:secretName 2:items:KeyToPath[] 3:defaultMode:int 4:optional:bool',
	ConfigMapVolumeSource:
		'1:localObjectReference:LocalObjectReference! 2:items:KeyToPath[] 3:defaultMode:int 4:optional:bool',
	KeyToPath: '1:key 2:path 3:mode:int',
	ProjectedVolumeSource: '1:sources:VolumeProjection[] 2:defaultMode:int',
	VolumeProjection: `1:secret:SourceProjection 2:downwardAPI:DownwardAPIProjection 3:configMap:SourceProjection
		4:serviceAccountToken:ServiceAccountTokenProjection`,
	SourceProjection: '1:localObjectReference:LocalObjectReference! 2:items:KeyToPath[] 4:optional:bool',
	DownwardAPIProjection: '1:items:DownwardAPIVolumeFile[]',
	DownwardAPIVolumeFile: '1:path 2:fieldRef:ObjectFieldSelector',
	ServiceAccountTokenProjection: '1:audience 2:expirationSeconds:int 3:path',
};
