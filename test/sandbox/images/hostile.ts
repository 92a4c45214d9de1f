import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import {
	HOSTILE_FILES,
	HOSTILE_IMAGES,
	HOSTILE_LIBRARIES,
	HOSTILE_LIBRARY_FOLDERS,
	HOSTILE_PROGRAMS,
} from '../../fixtures/hostile.ts';
import { cachedRootfs, contentKey, type RootfsBuilder, sharedLibraries } from './build.ts';
import type { Image } from './image.ts';
import { muslLoader } from './musl.ts';
import type { Registry } from './registry.ts';

/**
 * Targets that try to be run by who debugs them: see test/fixtures/hostile.ts for what is planted. `hostile-on-debian`
 * has it beside the tools it is made for, to show that it bites.
 */
export function addHostileImages(registry: Registry, cache: string, debian: Image, busybox: string): void {
	const key = contentKey(MARK, 'hostile.ts', 'musl/libbox.c', '../sandbox/images/hostile.ts');
	const add = (name: string, fill: (root: RootfsBuilder) => void) => {
		registry.add(() => {
			const rootfs = cachedRootfs(cache, `${basename(name).replace(':', '-')}-${key}`, (root) => {
				fill(root);
				root.copy(busybox, '/sleep');
			});
			return { rootfs, config: { entrypoint: ['/sleep', '365d'] } };
		}, [name]);
	};
	add(HOSTILE_IMAGES.plain, plantAll);
	add(HOSTILE_IMAGES.preload, (root) => {
		plantAll(root);
		library(root, '/evil/ld.so.preload.so', 'ld.so.preload');
		root.file('/etc/ld.so.preload', '/evil/ld.so.preload.so\n');
	});
	add(HOSTILE_IMAGES.nss, (root) => {
		plantAll(root);
		root.file('/etc/nsswitch.conf', 'passwd: mark files\ngroup: mark files\nhosts: mark files dns\n');
		for (const folder of defaultFolders()) {
			library(root, `${folder}/libnss_mark.so.2`, 'nss');
		}
	});
	add(HOSTILE_ON_DEBIAN, (root) => {
		root.tree(debian.rootfs);
		plantFiles(root);
	});
}

/** The plain one's files in an image full of tools: for the test of the plants themselves. */
export const HOSTILE_ON_DEBIAN = 'registry.test/hostile-on-debian:1';

const MARK = 'hostile/mark.c';

/** Names of libraries that common tools need; only functions are taken from them, and late, so that the mark comes first. */
const WANTED = ['libselinux.so.1', 'libtinfo.so.6', 'libcap.so.2', 'libz.so.1', 'libpcre2-8.so.0'];

function plantAll(root: RootfsBuilder): void {
	plantFiles(root);
	for (const folder of ['/evil/bin', '/bin', '/usr/bin']) {
		plantPrograms(root, folder);
	}
	// Where loaders look when nothing tells them: glibc's folders and musl's.
	for (const folder of defaultFolders()) {
		plantLibraries(root, folder, 'default-library-path');
	}
	execFileSync('/sbin/ldconfig', ['-X', '-r', root.root('/'), '-f', '/evil/ld.so.conf', '-C', '/etc/ld.so.cache']);
	root.file(`/etc/${basename(muslLoader(), '.so.1')}.path`, `${HOSTILE_LIBRARY_FOLDERS['ld-musl.path']}\n`);
}

/** What does not replace a tool or a library of the image it is put into. */
function plantFiles(root: RootfsBuilder): void {
	for (const [path, content] of Object.entries(HOSTILE_FILES)) {
		root.file(path, content);
	}
	plantPrograms(root, '/evil/bin');
	for (const name of HOSTILE_LIBRARIES) {
		library(root, `/evil/${name}.so`, name);
	}
	library(root, '/evil/GCONV_PATH/GCONV_PATH.so', 'GCONV_PATH');
	for (const [mark, folder] of Object.entries(HOSTILE_LIBRARY_FOLDERS)) {
		plantLibraries(root, folder, mark);
	}
	root.file('/evil/ld.so.conf', `${HOSTILE_LIBRARY_FOLDERS['ld.so.cache']}\n`);
	root.directory('/root', 0o755).directory('/home/app', 0o777).directory('/tmp', 0o1777);
}

function plantPrograms(root: RootfsBuilder, folder: string): void {
	const [first = '', ...others] = HOSTILE_PROGRAMS;
	root.compile(`${folder}/${first}`, 'gcc', MARK, ['-nostdlib', '-static', '-DPROGRAM']);
	for (const other of others) {
		root.copy(root.root(`${folder}/${first}`), `${folder}/${other}`);
	}
}

function plantLibraries(root: RootfsBuilder, folder: string, mark: string): void {
	for (const name of WANTED) {
		library(root, `${folder}/${name}`, mark);
	}
	// musl takes all symbols at once, so this one has to be complete.
	library(root, `${folder}/libbox.so`, mark, 'musl-gcc');
}

function library(root: RootfsBuilder, path: string, mark: string, compiler: 'gcc' | 'musl-gcc' = 'gcc'): void {
	const flags = ['-shared', '-fPIC', `-DNAME="${mark}"`, `-Wl,-soname,${basename(path)}`];
	root.compile(
		path,
		compiler,
		MARK,
		compiler === 'gcc' ? [...flags, '-nostdlib'] : [...flags, root.fixture('musl/libbox.c')],
	);
}

function defaultFolders(): string[] {
	const libc = sharedLibraries(['/bin/sh']).find((path) => path.includes('/libc.so'));
	return ['/usr/lib', ...(libc ? [libc.slice(0, libc.lastIndexOf('/'))] : [])];
}
