import { join } from 'node:path';
import { cachedRootfs, contentKey, type RootfsBuilder, sharedLibraries } from './build.ts';
import type { Image } from './image.ts';
import type { Registry } from './registry.ts';

/** Where KoolKits keep their tools; /root is 0700 and neither folder is on the image's PATH. */
const JDK = '/root/.sdkman/candidates/java';
const GO = '/root/.gvm/gos/go1.19';
const GO_PACKAGES = '/root/.gvm/pkgsets/go1.19/global';

/**
 * `registry.test/webjava:1`, a service on a runtime and nothing else, and KoolKits' two debug images. Their programs are
 * one small launcher in the shape of the JDK's: see test/fixtures/jre.
 */
export function addJavaImages(registry: Registry, cache: string, debian: Image): void {
	const key = contentKey(LAUNCHER, LIBRARY, '../sandbox/images/java.ts');
	const make = (name: string, fill: (root: RootfsBuilder) => void) => cachedRootfs(cache, `${name}-${key}`, fill);

	registry.add(() => {
		const rootfs = make('webjava', fillRuntime);
		const entrypoint = ['/opt/jre/bin/java', '-cp', '/app', 'Main'];
		return { rootfs, config: { entrypoint, user: '1000:1000' } };
	}, ['registry.test/webjava:1']);

	const base = contentOf(debian);
	registry.add(() => {
		const rootfs = make(`koolkits-jvm-${base}`, (root) => {
			root.tree(debian.rootfs);
			addTools(root, `${JDK}/17.0.2-tem`, ['java', 'jcmd', 'jstack', 'jmap', 'jfr']);
			root.link(`${JDK}/current`, '17.0.2-tem').file('/root/.bashrc', `export PATH=$PATH:${JDK}/current/bin\n`);
			root.directory('/root', 0o700);
		});
		return { rootfs, config: debian.config };
	}, ['lightruncom/koolkits:jvm']);

	registry.add(() => {
		const rootfs = make(`koolkits-golang-${base}`, (root) => {
			root.tree(debian.rootfs);
			addTools(root, GO, ['go', 'gofmt']);
			addTools(root, GO_PACKAGES, ['dlv']);
			root.file('/root/.bashrc', `export PATH=$PATH:${GO}/bin:${GO_PACKAGES}/bin\n`).directory('/root', 0o700);
		});
		return { rootfs, config: debian.config };
	}, ['lightruncom/koolkits:golang']);
}

const LAUNCHER = 'jre/launcher.c';
const LIBRARY = 'jre/libjli.c';

/** No shell, no tool: the runtime, its libraries, glibc and its loader, as jlink and `COPY --from` leave it. */
function fillRuntime(root: RootfsBuilder): void {
	addTools(root, '/opt/jre', ['java']);
	for (const library of sharedLibraries([root.root('/opt/jre/bin/java')])) {
		if (!library.startsWith(root.root('/'))) {
			root.copy(library);
		}
	}
	root
		.file('/app/Main.class', 'compiled\n')
		.file('/etc/passwd', 'app:x:1000:1000::/:/nologin\n')
		.directory('/tmp', 0o1777);
}

/** Programs in `folder`/bin with their library in `folder`/lib. */
function addTools(root: RootfsBuilder, folder: string, names: string[]): void {
	const bare = ['-nostdlib', '-nostartfiles', '-fno-builtin'];
	root.compile(`${folder}/lib/libjli.so`, 'gcc', LIBRARY, [...bare, '-shared', '-fPIC', '-Wl,-soname,libjli.so']);
	const libraries = [`-L${root.root(`${folder}/lib`)}`, '-ljli', machineLibc(), '-Wl,-rpath,$ORIGIN/../lib'];
	const [first = '', ...others] = names.map((name) => `${folder}/bin/${name}`);
	root.compile(first, 'gcc', LAUNCHER, [...bare, '-fPIE', '-pie', ...libraries]);
	for (const other of others) {
		root.copy(root.root(first), other);
	}
}

/** glibc as this machine has it; linking with the file itself needs no development package. */
function machineLibc(): string {
	const libc = sharedLibraries(['/bin/sh']).find((library) => library.endsWith('/libc.so.6'));
	if (libc === undefined) {
		throw new Error('this machine has no glibc, which the stand-in for a JDK is linked with');
	}
	return libc;
}

function contentOf(image: Image): string {
	return image.rootfs.slice(join(image.rootfs, '..').length + 1);
}
