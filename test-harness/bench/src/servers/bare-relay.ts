/**
 * The unit that a relayed token is measured in: the least that a relay in Node does. `node:http` takes the request, a raw
 * socket takes it on to the engine in HTTP/1.0, and the bytes of the answer go back as they come.
 */
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

const enginePort = Number(process.argv[2]);

const server = createServer((request, response) => {
  const parts: string[] = [];
  request.setEncoding('latin1');
  request.on('data', (part: string) => parts.push(part));
  request.on('end', () => relay(request.url ?? '/', parts.join(''), response));
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});

function relay(path: string, body: string, response: ServerResponse): void {
  const upstream = connect({ host: '127.0.0.1', port: enginePort, noDelay: true });
  let isHead = true;
  upstream.on('data', (chunk: Buffer) => {
    // The engine writes its head at once, so one read holds all of it.
    const bytes = isHead ? chunk.subarray(chunk.indexOf('\r\n\r\n') + 4) : chunk;
    if (isHead) response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    isHead = false;
    if (bytes.length > 0 && !response.write(bytes)) upstream.pause();
  });
  upstream.on('end', () => response.end());
  upstream.on('error', () => response.destroy());
  response.on('drain', () => upstream.resume());
  response.on('close', () => upstream.destroy());
  upstream.write(`POST ${path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
}
