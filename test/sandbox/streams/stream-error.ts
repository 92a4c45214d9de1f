/** The kubelet refuses a stream before the handshake, in plain text. */
export class StreamError extends Error {
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}
