/**
 * The unit that a relayed token is measured in: the least a relay in Node can be. `node:http` takes the request, a raw
 * socket takes it on to the engine, and the bytes of the answer go back as they come.
 */
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

const enginePort = Number(process.argv[2]);
const bodyEnd = '0\r\n\r\n';

/** Kept-alive connections to the engine that serve nobody now. */
const idle: Socket[] = [];

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
  const upstream = idle.pop() ?? connect({ host: '127.0.0.1', port: enginePort, noDelay: true });
  let isHead = true;
  const onData = (chunk: Buffer): void => {
    let rest = chunk;
    if (isHead) {
      // The engine writes its head at once, so one read holds all of it.
      isHead = false;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      rest = chunk.subarray(chunk.indexOf('\r\n\r\n') + 4);
    }
    // The engine's chunks go on with their framing, straight to the socket: nothing is decoded and nothing encoded again.
    if (rest.length > 0 && response.socket?.write(rest) === false) {
      upstream.pause();
      response.socket.once('drain', () => upstream.resume());
    }
    if (!chunk.subarray(-bodyEnd.length).equals(bodyEndBytes)) return;
    upstream.off('data', onData);
    idle.push(upstream);
    finish(response);
  };
  upstream.on('data', onData);
  upstream.once('error', () => response.destroy());
  response.once('close', () => {
    upstream.removeAllListeners('error');
  });
  upstream.write(`POST ${path} HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
}
