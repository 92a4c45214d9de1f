import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxApplets, cachedRootfs, type RootfsBuilder, sharedLibraries } from './build.ts';
import { DEBIAN_PROGRAMS } from './debian-programs.ts';
import { addHostileImages } from './hostile.ts';
import type { Image } from './image.ts';
import { addJavaImages } from './java.ts';
import { addMuslImages } from './musl.ts';
import type { Registry } from './registry.ts';

const DEBIAN_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Makes the images that the toolkits and the example pods name, from what this machine has, and puts them into the
 * registry. The folders are kept in `cache` for the next time.
 */
export function addStandardImages(registry: Registry, cache: string): void {
	const busybox = staticBusybox();
	const version = String(Math.trunc(statSync(busybox).mtimeMs));
	const make = (name: string, fill: (builder: RootfsBuilder) => void) =>
		cachedRootfs(cache, `${name}-${version}-${REVISION}`, fill);

	const debian: Image = {
		rootfs: make('debian', (root) => fillDebian(root)),
		config: { env: [DEBIAN_PATH], cmd: ['bash'], workingDir: '/root' },
	};
	registry.add(debian, [
		'nicolaka/netshoot:latest',
		'nicolaka/netshoot:v0.16',
		'praqma/network-multitool:latest',
		'wbitt/network-multitool:latest',
		'debian:latest',
	]);

	const box = make('busybox', (root) => fillBusybox(root, busybox));
	registry.add({ rootfs: box, config: { env: ['PATH=/bin'], cmd: ['sh'] } }, ['busybox:latest', 'busybox:1.36']);

	const web = make('web', (root) => fillWeb(root, busybox));
	const serve = ['/httpd', '-f', '-p', '8080', '-h', '/www'];
	registry.add({ rootfs: web, config: { entrypoint: serve } }, [
		'registry.test/webgo:1',
		'registry.test/webgo:stripped',
	]);
	registry.add({ rootfs: web, config: { entrypoint: serve, user: '65532:65532' } }, ['registry.test/webgo:nonroot']);

	addJavaImages(registry, cache, debian);
	addMuslImages(registry, cache, busybox);
	addHostileImages(registry, cache, debian, busybox);
}

/** The image of each pod's own container, which holds its namespaces. */
export function pauseImage(cache: string): Image {
	const busybox = staticBusybox();
	const version = String(Math.trunc(statSync(busybox).mtimeMs));
	const rootfs = cachedRootfs(cache, `pause-${version}-${REVISION}`, (root) => {
		root.directory('/proc').directory('/dev').directory('/sys').copy(busybox, '/sh').file('/pause', PAUSE, 0o755);
	});
	return { rootfs, config: { entrypoint: ['/pause'], user: '65535:65535' } };
}

/** To be raised when the content of an image changes. */
const REVISION = 2;

// As process 1 of a shared process namespace it is the parent of orphans: `wait` reaps them.
const PAUSE = `#!/sh
trap 'exit 0' INT TERM
while :; do
	sleep 86400 &
	wait $!
done
`;

function staticBusybox(): string {
	const found = ['/bin/busybox', '/usr/bin/busybox', '/sbin/busybox'].find((path) => existsSync(path));
	if (!found) {
		throw new Error('busybox is missing: install busybox-static');
	}
	return found;
}

function fillBusybox(root: RootfsBuilder, busybox: string): void {
	skeleton(root).directory('/bin').copy(busybox, '/bin/busybox');
	for (const applet of busyboxApplets(busybox)) {
		root.link(join('/bin', applet), 'busybox');
	}
	root.file('/etc/passwd', 'root:x:0:0:root:/:/bin/sh\n').file('/etc/group', 'root:x:0:\n');
}

/** One static program and a page to serve: what an image built from nothing looks like. */
function fillWeb(root: RootfsBuilder, busybox: string): RootfsBuilder {
	// busybox goes by the name it is called: as httpd it is a web server and nothing else.
	return root.copy(busybox, '/httpd').file('/www/index.html', 'Welcome to nginx! from the sandbox\n');
}

function fillDebian(root: RootfsBuilder): void {
	skeleton(root).directory('/root', 0o700).directory('/var/tmp', 0o1777).directory('/usr/local/bin');
	for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
		root.directory(`/usr/${name}`).link(`/${name}`, `usr/${name}`);
	}
	const programs = DEBIAN_PROGRAMS.map((name) => findProgram(name)).filter((path) => path !== undefined);
	for (const program of programs) {
		root.copy(program, merged(program));
	}
	for (const library of sharedLibraries(programs)) {
		root.copy(library, merged(library));
	}
	for (const data of ['/etc/services', '/etc/protocols', '/usr/share/terminfo', '/lib/terminfo', '/etc/ssl/certs']) {
		copyTree(root, data);
	}
	root
		.link('/usr/bin/sh', existsSync('/usr/bin/dash') ? 'dash' : 'bash')
		.file(
			'/etc/passwd',
			'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
		)
		.file('/etc/group', 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n')
		.file('/etc/os-release', 'PRETTY_NAME="Debian-like"\nID=debian\n');
}

function skeleton(root: RootfsBuilder): RootfsBuilder {
	for (const path of ['/proc', '/sys', '/dev', '/etc']) {
		root.directory(path);
	}
	return root.directory('/tmp', 0o1777);
}

function findProgram(name: string): string | undefined {
	return ['/usr/bin', '/usr/sbin', '/bin', '/sbin']
		.map((folder) => join(folder, name))
		.find((path) => existsSync(path));
}

/** The path on a system where /bin and the like are links into /usr. */
function merged(path: string): string {
	return path.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/');
}

function copyTree(root: RootfsBuilder, path: string): void {
	if (!existsSync(path)) {
		return;
	}
	const files = execFileSync('find', ['-L', path, '-type', 'f'], { encoding: 'utf8' }).split('\n').filter(Boolean);
	for (const file of files) {
		root.copy(file, merged(file));
	}
}
