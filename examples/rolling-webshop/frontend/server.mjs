import { createServer } from 'node:http';

const { API_URL = '', GIT_SHA = '', PORT = '' } = process.env;
const page = `<!doctype html><title>Webshop</title><meta name=commit content=${GIT_SHA}><script>const api = ${JSON.stringify(API_URL)};</script><h1>Webshop</h1>`;

const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end(page);
});
server.listen(Number(PORT));
// Takes no new connection, finishes what it has begun.
process.on('SIGTERM', () => server.close(() => process.exit(0)));
