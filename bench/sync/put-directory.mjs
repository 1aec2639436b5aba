// node-ssh's putDirectory as its readme shows it, with the concurrency that is best for it. No host key is checked.
import { NodeSSH } from 'node-ssh';

const [host, port, username, privateKeyPath, from, to] = process.argv.slice(2);
const ssh = new NodeSSH();
await ssh.connect({ host, port: Number(port), username, privateKeyPath });
const isDone = await ssh.putDirectory(from, to, { recursive: true, concurrency: 50 });
ssh.dispose();
process.exit(isDone ? 0 : 1);
