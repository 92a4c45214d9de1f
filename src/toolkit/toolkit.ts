/**
 * What a toolkit is: data, read from a `toolkit.yaml` (format `ephemeral/v1`). This file is the reference of the format.
 */

/** The only version there is so far. */
export const API_VERSION = 'ephemeral/v1';

/** What `profile` may say: ours, and kubectl's by name. */
export const PROFILES = ['auto', 'general', 'baseline', 'restricted', 'netadmin', 'sysadmin', 'legacy'] as const;

/** A right a toolkit's programs need or want: a Linux capability (`NET_RAW`) or the target's own uid and gid. */
export type Right = 'same-user' | (string & {});

/** The shell that a bare `TOOLKIT POD` opens. */
export interface ToolkitShell {
	/** Programs to try in this order; without it the best of bash, zsh, ash and sh that the image has. */
	command?: string[];
	/** Whether `/` is the target's root or the debug image's. */
	root: 'target' | 'debug';
}

export interface Toolkit {
	/** The folder's name; no command's and no resource kind's. */
	name: string;
	description: string;
	/** A pinned image reference. */
	image: string;
	/** Folders that hold the image's tools and are not on its PATH; they are put before it. */
	path: string[];
	/** The container meant when the user names none. */
	target?: { container: string };
	/** `auto`, or a profile of kubectl's by name. */
	profile: string;
	/** Rights without which nothing here works. */
	needs: Right[];
	/** Rights with which more works. */
	wants: Right[];
	shell: ToolkitShell;
	/** Brought where a command needs any container of ours, as `cp` does. */
	default: boolean;
}

/** A toolkit with the place it came from, for messages and for the list of toolkits. */
export interface SourcedToolkit {
	toolkit: Toolkit;
	/** `built-in`, or the file it was read from. */
	source: string;
}
