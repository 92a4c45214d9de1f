/** One request as it arrived. Bodies and credentials are not kept. */
export interface LoggedRequest {
	method: string;
	/** Path and query exactly as on the request line. */
	url: string;
	path: string;
	/** Kubernetes' verb (`get`, `list`, `watch`, `patch` …) or the method in small letters for what is no resource. */
	verb: string;
	user: string;
	userAgent: string;
	/** HTTP status of the answer, 101 for streams; 0 while there is none. */
	status: number;
	/** The WebSocket subprotocols that were offered, for streams. */
	protocols: string[];
	/** Content type of the body that was sent. */
	contentType: string;
}
