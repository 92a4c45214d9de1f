import { createHash } from 'node:crypto';
import type { WebSocket } from 'ws';

const success = JSON.stringify({ metadata: {}, status: 'Success' });

/** One exec as the server sees it. */
interface Exec {
	socket: WebSocket;
	/** The second word of its command. */
	amount: string;
	put(channel: number, content: string | Buffer): void;
	/** Sends a Status and closes. */
	end(status?: string): void;
}

/** Plays the server's side of an exec: what happens is said by its command, one of the words below; else stdin is echoed. */
export function playStreams(socket: WebSocket, [verb = '', amount = '']: string[]): void {
	const put = (channel: number, content: string | Buffer): void =>
		socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(content)]));
	const end = (status = success): void => {
		put(3, status);
		socket.close(1000);
	};
	socket.on('error', () => {});
	(verbs[verb] ?? echo)({ socket, amount, put, end });
}

const verbs: Record<string, (exec: Exec) => void> = {
	exit({ amount, put, end }) {
		put(1, 'out');
		put(2, 'err');
		const details = { causes: [{ reason: 'ExitCode', message: amount }] };
		end(JSON.stringify({ metadata: {}, status: 'Failure', reason: 'NonZeroExitCode', details }));
	},
	vanish({ socket, put }) {
		put(1, 'half');
		setTimeout(() => socket.terminate(), 30);
	},
	leave({ socket, put }) {
		put(1, 'half');
		socket.close(1000);
	},
	linger({ put }) {
		put(1, 'all');
		put(3, success);
	},
	/** As if the cable were pulled: nothing is read, no ping answered. */
	mute({ socket, put }) {
		put(1, 'last');
		socket.pause();
	},
	/** A process that begins to read its stdin after so many milliseconds; until then the server reads nothing at all. */
	balk(exec) {
		exec.socket.pause();
		setTimeout(() => exec.socket.resume(), Number(exec.amount));
		drink({ ...exec, amount: '' });
	},
	/** Ends by itself after so many milliseconds without a word, reading all the time. */
	idle({ amount, put, end }) {
		setTimeout(() => {
			put(1, 'done');
			end();
		}, Number(amount));
	},
	odd({ socket, put, end }) {
		put(1, '');
		put(2, '');
		put(9, 'unknown channel');
		put(255, Buffer.of(1));
		socket.send('\u0001text');
		socket.send('');
		put(1, ' and bytes');
		end();
	},
	/** Shows every message, short ones in hexadecimal, until the end of stdin. */
	seen({ socket, put, end }) {
		socket.on('message', (data: Buffer) => {
			put(1, data.length < 100 ? `${data.toString('hex')} ` : `${data.length}-bytes-of-${data[0]} `);
			if (data[0] === 255) end();
		});
	},
	pour,
	drink,
};

function echo({ socket, put, end }: Exec): void {
	socket.on('message', (data: Buffer) => {
		if (data[0] === 0) put(1, data.subarray(1));
		if (data[0] === 255) end();
	});
}

/** Sends so many bytes on stdout as fast as they are taken. */
function pour({ socket, amount, end }: Exec): void {
	const block = Buffer.alloc(32769, 'p');
	block[0] = 1;
	let left = Number(amount);
	const more = (): void => {
		while (left > 0 && socket.bufferedAmount < 1 << 20) {
			socket.send(left < 32768 ? block.subarray(0, left + 1) : block);
			left -= 32768;
		}
		if (socket.readyState !== socket.OPEN) return;
		if (left > 0) setTimeout(more, 1);
		else end();
	};
	more();
}

/** Reads stdin with a pause after every 16 MB, to its end or to so many bytes, and says their number and digest. */
function drink({ socket, amount, put, end }: Exec): void {
	const digest = createHash('sha256');
	let count = 0;
	let next = 16e6;
	socket.on('message', (data: Buffer) => {
		if (data[0] === 0) {
			digest.update(data.subarray(1));
			count += data.length - 1;
		}
		if (data[0] === 255 || count === Number(amount)) {
			put(1, `${count} ${digest.digest('hex')}`);
			end();
		} else if (count >= next) {
			next += 16e6;
			socket.pause();
			setTimeout(() => socket.resume(), 40);
		}
	});
}
