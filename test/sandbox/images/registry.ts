import type { Image } from './image.ts';

/** The images of a node and of the registries it can reach, by their full names. */
export class Registry {
	readonly #images = new Map<string, Image | (() => Image)>();

	/** @param image a function makes it when it is first asked for. */
	add(image: Image | (() => Image), names: string[]): void {
		for (const name of names) {
			this.#images.set(fullName(name), image);
		}
	}

	remove(name: string): void {
		this.#images.delete(fullName(name));
	}

	find(reference: string): Image | undefined {
		const name = fullName(reference);
		const found = this.#images.get(name);
		if (typeof found !== 'function') {
			return found;
		}
		const made = found();
		this.#images.set(name, made);
		return made;
	}
}

/** `busybox` as `docker.io/library/busybox:latest`, the way the runtime writes it. */
export function fullName(reference: string): string {
	const [first = '', ...rest] = reference.split('/');
	const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
	const path = hasHost ? reference : `docker.io/${rest.length > 0 ? reference : `library/${reference}`}`;
	const last = path.slice(path.lastIndexOf('/') + 1);
	return last.includes(':') || last.includes('@') ? path : `${path}:latest`;
}

/** The kubelet's complaint about a reference that is none, or undefined. */
export function referenceError(reference: string): string | undefined {
	const prefix = `Failed to apply default image tag "${reference}": couldn't parse image name "${reference}": `;
	if (/^[\w.\-/]*[A-Z][\w.\-/]*(:|$)/.test(reference)) {
		const name = reference.split(':')[0] ?? '';
		const repository = name.includes('/') ? name : `library/${name}`;
		return `${prefix}invalid reference format: repository name (${repository}) must be lowercase`;
	}
	const valid = /^([a-zA-Z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;
	return valid.test(reference) ? undefined : `${prefix}invalid reference format`;
}

/** What containerd says when a registry does not have the image. */
export function absentImageError(reference: string): string {
	const name = fullName(reference);
	const [host = '', ...path] = name.split('/');
	const [repository, tag] = splitTag(path.join('/'));
	const reason = `dial tcp: lookup ${host} on 127.0.0.1:53: no such host`;
	const request = `failed to do request: Head "https://${host}/v2/${repository}/manifests/${tag}": ${reason}`;
	return `failed to pull and unpack image "${name}": failed to resolve image: ${request}`;
}

function splitTag(path: string): [string, string] {
	const at = path.lastIndexOf(path.includes('@') ? '@' : ':');
	return at < 0 ? [path, 'latest'] : [path.slice(0, at), path.slice(at + 1)];
}
