import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { busyboxApplets, cachedRootfs, contentKey, type RootfsBuilder } from './build.ts';
import type { Registry } from './registry.ts';

/** Applets of the box, as links that lead to it. */
export const BOX_APPLETS: readonly string[] = ['cat', 'echo', 'env', 'false', 'id', 'ls', 'sleep', 'true', 'wc'];

/**
 * Two images linked with musl, in Alpine's shape: one multi-call program with links to it, a library of its own, and a
 * loader that is musl's whole C library.
 *
 * `registry.test/muslbox:1` is a debug image. Its `sh` and what the box has not is this machine's static busybox,
 * which runs an applet of its own when it is asked for `ls`: there, call the box by a path. `registry.test/musltarget:1` serves on port 8080.
 */
export function addMuslImages(registry: Registry, cache: string, busybox: string): void {
	const key = contentKey('musl/box.c', 'musl/libbox.c', 'musl/libbox.h', '../sandbox/images/musl.ts');
	const env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
	registry.add(() => {
		const rootfs = cachedRootfs(cache, `muslbox-${key}`, (root) => {
			fillBox(root);
			for (const applet of BOX_APPLETS) {
				root.link(`/bin/${applet}`, '/bin/box');
			}
			root.copy(busybox, '/bin/busybox');
			for (const applet of busyboxApplets(busybox).filter((name) => !BOX_APPLETS.includes(name))) {
				root.link(`/bin/${applet}`, '/bin/busybox');
			}
			root.directory('/root', 0o700).file('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n');
		});
		return { rootfs, config: { env, cmd: ['/bin/sh'] } };
	}, ['registry.test/muslbox:1']);
	registry.add(() => {
		const rootfs = cachedRootfs(cache, `musltarget-${key}`, fillBox);
		return { rootfs, config: { env, entrypoint: ['/bin/box', 'serve', '8080'] } };
	}, ['registry.test/musltarget:1']);
}

function fillBox(root: RootfsBuilder): void {
	const library = ['-shared', '-fPIC', '-Wl,-soname,libbox.so'];
	root.compile('/usr/lib/libbox.so', 'musl-gcc', 'musl/libbox.c', library);
	root.compile('/bin/box', 'musl-gcc', 'musl/box.c', [`-L${root.root('/usr/lib')}`, '-lbox']);
	const loader = muslLoader();
	root
		.copy(loader, `/lib/${basename(loader)}`)
		.directory('/tmp', 0o1777)
		.directory('/etc');
}

/** `/lib/ld-musl-x86_64.so.1`, or the one of this machine's architecture. */
export function muslLoader(): string {
	const name = readdirSync('/lib').find((entry) => /^ld-musl-.*\.so\.1$/.test(entry));
	if (name === undefined) {
		throw new Error('the musl loader is missing: install musl-tools');
	}
	return `/lib/${name}`;
}
