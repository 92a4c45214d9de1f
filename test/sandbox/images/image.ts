/** The part of an OCI image configuration that a container start reads. */
export interface ImageConfig {
	/** `UID`, `UID:GID`, `NAME` or `NAME:GROUP`. */
	user?: string;
	env?: string[];
	entrypoint?: string[];
	cmd?: string[];
	workingDir?: string;
}

/** An image: a folder used read-only as the lower layer of every container made from it. */
export interface Image {
	rootfs: string;
	config: ImageConfig;
}
