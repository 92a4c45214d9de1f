import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, parse as parsePath } from 'node:path';
import { executable } from '../support/executable.ts';
import { startSandbox } from './sandbox.ts';

/**
 * `npm run demo`: a stand-in cluster with a few pods that do something, three commands of the tool against it with their
 * real output, then the line to type along; `-- --once` ends instead.
 */

const PODS = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "registry.test/webgo:1", ports: [{containerPort: 8080, name: http}]}
---
apiVersion: v1
kind: Pod
metadata: {name: broken, namespace: shop}
spec:
  containers:
  - {name: app, image: busybox, command: [sh, -c, "echo 'FATAL: cannot open /etc/app/config.yaml'; exit 3"]}
`;

const COMMANDS = [
	['net', 'deploy/web', '--', 'curl', '-s', 'localhost:8080'],
	['net', 'deploy/web', '-q', '--root', 'target', '--', 'sh', '-c', 'ls /; find / -xdev -name index.html; exit 7'],
	['shell', 'pod/broken', '--image', 'registry.test/absent:1', '--', 'true'],
];

const once_ = process.argv.includes('--once');
const program = executable();
const sandbox = await startSandbox();
let ending: Promise<void> | undefined;
const end = (): Promise<void> => (ending ??= sandbox.stop());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.on(signal, () => {
		end().then(() => process.exit(signal === 'SIGINT' ? 130 : 143));
	});
}
try {
	await sandbox.apply(PODS);
	await sandbox.until(
		'deployments',
		'shop',
		'web',
		(web) => (web?.status as { readyReplicas?: number })?.readyReplicas === 2,
	);
	const kubeconfig = sandbox.kubeconfig('admin', { namespace: 'shop' });
	for (const words of COMMANDS) {
		console.log(`\n$ kubectl ephemeral ${words.map(quote).join(' ')}`);
		const child = spawn(program, words, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
		const [code] = await once(child, 'exit');
		console.log(`(exit code ${code})`);
	}
	if (!once_) {
		console.log(`\nA cluster waits for you. In another terminal:\n
  export KUBECONFIG=${kubeconfig}
  export PATH=${parsePath(program).dir}${delimiter}$PATH
  kubectl-ephemeral net deploy/web          # or: kubectl ephemeral …
  kubectl-ephemeral net pod/broken
\nCtrl-C ends it and leaves nothing behind.`);
		await once(process, 'never');
	}
} finally {
	await end();
}

function quote(word: string): string {
	return /^[\w./:=@-]+$/.test(word) ? word : `'${word}'`;
}
