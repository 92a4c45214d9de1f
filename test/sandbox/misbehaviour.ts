/** What a pull of one image shall do. */
export interface PullBehaviour {
	/** Milliseconds the pull takes; `Infinity` never ends. Default 0. */
	delayMs?: number;
	/** The text the runtime gives; without it the pull succeeds if the image is known. */
	error?: string;
}

/** An answer to a WebSocket or SPDY upgrade that is not the upgrade. */
export interface UpgradeRefusal {
	status: number;
	/** Default `text/html`, as a proxy answers. */
	contentType?: string;
	body?: string;
}

/** What goes wrong. All of it is off at first; tests assign to the fields, and back. */
export interface Misbehaviour {
	/** Pulls by image reference as the pod names it; an image with an entry counts as not present on the node yet. */
	pulls: Map<string, PullBehaviour>;
	/** Speak only v4.channel.k8s.io on exec and attach, as servers before 1.30. */
	v4Only: boolean;
	/** Refuse every upgrade (exec, attach, port-forward) with this answer. */
	refuseUpgrade: UpgradeRefusal | undefined;
	/** Answer upgrades with a 403 Status as the API server words it. */
	forbidUpgrade: boolean;
	/**
	 * The line of exec and attach is dead both ways, as where packets are dropped: nothing more comes to the client (no data,
	 * no status, no answer to pings), nothing from it comes to the process (no data, no end, not even that it is gone, until
	 * this is false again). What is sent meanwhile is lost for good. Open streams fall silent too; new ones open, then do.
	 */
	silentStreams: boolean;
	/** Accept requests and never answer them. */
	silentRequests: boolean;
	/** Close each stream's socket without a status once this many bytes went to the client. */
	cutAfterBytes: number | undefined;
	/** Longest request line in bytes; a longer one is answered with 431 (a proxy's 414 with `requestLineStatus`). */
	requestLineLimit: number | undefined;
	requestLineStatus: 414 | 431;
	/** Verbs no one may use, on `RESOURCE` or `RESOURCE/SUBRESOURCE`: `watch pods`, `* pods/exec`. */
	denied: Set<string>;
	/** Capabilities a container has by itself, for those started from now on: containerd's fourteen, or CRI-O's nine. */
	capabilities: 'containerd' | 'cri-o';
	/** No `user` in container statuses, as servers before 1.31. */
	noStatusUser: boolean;
	/** Milliseconds by which every pod status is late. */
	statusDelayMs: number;
	/** A mutating webhook: the image each new container gets instead. */
	rewriteImage: ((image: string) => string) | undefined;
	/** A mutating webhook: labels put on each pod that is created or patched. */
	addLabels: Record<string, string> | undefined;
	/** A validating webhook: a text refuses the new pod or container. */
	refusePod: ((pod: unknown) => string | undefined) | undefined;
}

/** Nothing goes wrong. */
export function goodBehaviour(): Misbehaviour {
	return {
		pulls: new Map(),
		v4Only: false,
		refuseUpgrade: undefined,
		forbidUpgrade: false,
		silentStreams: false,
		silentRequests: false,
		cutAfterBytes: undefined,
		requestLineLimit: undefined,
		requestLineStatus: 431,
		denied: new Set(),
		capabilities: 'containerd',
		noStatusUser: false,
		statusDelayMs: 0,
		rewriteImage: undefined,
		addLabels: undefined,
		refusePod: undefined,
	};
}
