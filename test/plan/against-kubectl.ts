/**
 * By hand, against a real cluster: `node test/plan/against-kubectl.ts`, with KUBECONFIG and kubectl (1.36) on PATH.
 *
 * It makes a namespace per Pod Security level, with pods that no scheduler takes, and shows for each case that the
 * container which the API stores for our PATCH is the one it stores for `kubectl debug`; that the call of kubectl which a
 * plan prints gives the very container of the plan; and which candidate each level admits first.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1EphemeralContainer, V1Pod, V1PodSecurityContext } from '@kubernetes/client-node';
import { type Candidate, planContainer } from '../../src/plan/container.ts';
import { CUSTOM_FILE } from '../../src/plan/kubectl.ts';
import { buildPatch, describePlan } from '../../src/plan/plan.ts';
import { type KubectlProfile, PROFILES } from '../../src/plan/profiles.ts';
import type { SessionRequest } from '../../src/plan/request.ts';
import { aPlanInput, aToolkit } from '../support/requests.ts';

const IMAGE = 'registry.test/net:1';
const folder = mkdtempSync(join(tmpdir(), 'against-kubectl-'));
const run = `plan-${process.pid}`;
const levels = ['open', 'baseline', 'restricted'].map((level) => ({ level, namespace: `${run}-${level}` }));
const open = `${run}-open`;
const kubectl = (...words: string[]) =>
	execFileSync('kubectl', words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const proxy = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
let pods = 0;
let failed = 0;

const customs: [title: string, content: object][] = [
	['runAsUser 0', { securityContext: { runAsUser: 0 } }],
	['capabilities replaced', { securityContext: { capabilities: { add: ['NET_ADMIN'] } } }],
	[
		'K46',
		{
			imagePullPolicy: 'Never',
			stdin: true,
			securityContext: { capabilities: { drop: ['ALL'] }, runAsNonRoot: false },
		},
	],
	['env and envFrom', { env: [{ name: 'A', value: '$(B)' }], envFrom: [{ secretRef: { name: 's', optional: true } }] }],
	['mounts', { volumeMounts: [{ name: 'data', mountPath: '/mnt', readOnly: true }], workingDir: '/mnt' }],
	['message policy', { terminationMessagePolicy: 'FallbackToLogsOnError', terminationMessagePath: '/dev/x' }],
];
const flags: [title: string, Partial<SessionRequest>][] = [
	['auto', {}],
	['auto --run-as target', { runAs: 'target' }],
	['auto --privileged', { privileged: true }],
	['general --cap-drop ALL --cap-add BPF', { profile: 'general', capDrop: ['ALL'], capAdd: ['BPF'] }],
	['restricted --mount', { profile: 'restricted', mounts: [{ volume: 'data', path: '/mnt/data', readOnly: true }] }],
	['netadmin --like-target', { profile: 'netadmin', likeTarget: true }],
];

try {
	const base = await proxyAddress();
	for (const { level, namespace } of levels) {
		kubectl('create', 'namespace', namespace);
		if (level !== 'open') kubectl('label', 'namespace', namespace, `pod-security.kubernetes.io/enforce=${level}`);
	}
	for (const profile of Object.keys(PROFILES) as KubectlProfile[]) {
		await check(`${profile}`, () => sameAsDebug(base, profile, undefined));
		for (const [title, content] of customs) {
			// The kubelet would never start this one; ours is refused before anything is added.
			if (profile === 'restricted' && title === 'runAsUser 0') continue;
			await check(`${profile}, custom ${title}`, () => sameAsDebug(base, profile, content));
		}
	}
	for (const [title, request] of flags) await check(`printed call: ${title}`, () => sameAsPrinted(base, request));
	for (const { level, namespace } of levels) {
		for (const security of [{}, { runAsNonRoot: true, runAsUser: 65532 }]) {
			await check(`${level} admits first, in a pod with ${JSON.stringify(security)}`, () =>
				firstAdmitted(base, namespace, level, security),
			);
		}
	}
} finally {
	for (const { namespace } of levels) kubectl('delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
	proxy.kill();
	rmSync(folder, { recursive: true });
}
process.exitCode = failed > 0 ? 1 : 0;

async function sameAsDebug(base: string, profile: KubectlProfile, content: object | undefined): Promise<string> {
	const pod = makePod(open, { runAsUser: 65532 });
	const name = pod.metadata?.name ?? '';
	const custom = content && { file: 'custom.json', content };
	if (content) writeFileSync(join(folder, 'custom.json'), JSON.stringify(content));
	const words = [`--image=${IMAGE}`, '--target=app', '-c', 'theirs', `--profile=${profile}`];
	kubectl('debug', name, '-n', open, ...words, ...(content ? ['--custom=custom.json'] : []));
	const [candidate] = planContainer(input(pod, { profile, custom })).candidates;
	const stored = await patch(base, readPod(pod), candidate);
	assert.deepEqual(
		stored.map(({ name: one }) => one),
		['theirs', candidate.container.name],
	);
	const [theirs, ours] = stored.map(comparable);
	assert.deepEqual(ours, theirs);
	return JSON.stringify(ours?.securityContext ?? null);
}

/** But for name, process, env of our own, and a pull policy that a custom file does not name. */
function comparable({ name: _, command: __, env, ...rest }: V1EphemeralContainer): Partial<V1EphemeralContainer> {
	const own = env?.filter((one) => !one.name.startsWith('KE_'));
	return { ...rest, ...(own?.length && { env: own }) };
}

async function sameAsPrinted(base: string, request: Partial<SessionRequest>): Promise<string> {
	const [pod, twin] = [makePod(open, {}), makePod(open, {})];
	const plan = planContainer(input(pod, request, { uid: 65532, gid: 0 }));
	const printed = describePlan(twin, plan, plan.candidates[0], '');
	if (printed.custom) writeFileSync(join(folder, CUSTOM_FILE), JSON.stringify(printed.custom));
	execFileSync('sh', ['-c', printed.kubectl], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
	const theirs = readPod(twin).spec?.ephemeralContainers;
	assert.deepEqual(await patch(base, pod, plan.candidates[0]), theirs);
	return printed.kubectl.slice(0, 90);
}

async function firstAdmitted(
	base: string,
	namespace: string,
	level: string,
	security: V1PodSecurityContext,
): Promise<string> {
	const pod = makePod(namespace, security);
	const plan = planContainer(input(pod, {}, { uid: 65532, gid: 0 }));
	const answers: string[] = [];
	for (const candidate of plan.candidates) {
		const response = await send(base, pod, candidate, '?dryRun=All');
		if (response.ok) {
			assert.equal(candidate.profile, level === 'open' ? 'full' : level);
			return [...answers, candidate.profile].join(' → ');
		}
		answers.push(`${candidate.profile} ${response.status}`);
	}
	throw new Error(`none is admitted: ${answers}`);
}

function input(pod: V1Pod, request: Partial<SessionRequest>, identity?: { uid: number; gid: number }) {
	const toolkit = aToolkit({ image: IMAGE });
	return aPlanInput(request, { pod, toolkit, image: IMAGE, imageUser: 'other', ...(identity && { identity }) });
}

/** A pod that stays unscheduled, valid at every level. */
function makePod(namespace: string, security: V1PodSecurityContext): V1Pod {
	const name = `p${pods++}`;
	const securityContext = { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } };
	const own = { ...securityContext, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
	const app = { name: 'app', image: IMAGE, securityContext: own, env: [{ name: 'MARK', value: 'target' }] };
	const spec = {
		schedulerName: 'none',
		automountServiceAccountToken: false,
		securityContext: security,
		containers: [{ ...app, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
		volumes: [{ name: 'data', emptyDir: {} }],
	};
	const file = join(folder, 'pod.json');
	writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec }));
	kubectl('create', '-f', file);
	return readPod({ metadata: { name, namespace } });
}

function readPod({ metadata }: V1Pod): V1Pod {
	return JSON.parse(kubectl('get', 'pod', metadata?.name ?? '', '-n', metadata?.namespace ?? '', '-o', 'json'));
}

async function patch(base: string, pod: V1Pod, candidate: Candidate): Promise<V1EphemeralContainer[]> {
	const response = await send(base, pod, candidate, '');
	const answer = (await response.json()) as V1Pod & { message?: string };
	assert.ok(response.ok, answer.message);
	return answer.spec?.ephemeralContainers ?? [];
}

function send(base: string, pod: V1Pod, { container }: Candidate, query: string): Promise<Response> {
	const { name, namespace } = pod.metadata ?? {};
	const existing = (pod.spec?.ephemeralContainers ?? []).map((one) => one.name);
	return fetch(`${base}/api/v1/namespaces/${namespace}/pods/${name}/ephemeralcontainers${query}`, {
		method: 'PATCH',
		headers: { 'Content-Type': 'application/strategic-merge-patch+json' },
		body: JSON.stringify(buildPatch(existing, container)),
	});
}

async function check(title: string, prove: () => Promise<string>): Promise<void> {
	try {
		console.log(`same  ${title}  ${await prove()}`);
	} catch (error) {
		failed++;
		console.log(`OTHER ${title}\n${error instanceof Error ? error.message : error}`);
	}
}

async function proxyAddress(): Promise<string> {
	for await (const chunk of proxy.stdout) {
		const address = /127\.0\.0\.1:\d+/.exec(String(chunk))?.[0];
		if (address) return `http://${address}`;
	}
	throw new Error('kubectl proxy has ended');
}
