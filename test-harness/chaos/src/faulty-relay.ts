/** An HTTP relay with a bug of one's choice in how it hands streams on, to show that the checker notices. Nothing of the product is in it. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FaultyRelay {
  readonly url: string;
  close(): Promise<void>;
}

/** @param spoil - What becomes of a frame of a stream, `n` being its number in it. */
export async function startFaultyRelay(target: string, spoil: (frame: string, n: number) => readonly string[]): Promise<FaultyRelay> {
  const server: Server = createServer((asked, answer) => {
    const { method, url, headers } = asked;
    const passed = httpRequest(new URL(url ?? '/', target), { method, headers, agent: false }, (response) => {
      const { statusCode = 502 } = response;
      answer.writeHead(statusCode, response.headers);
      if (response.headers['content-type']?.includes('text/event-stream') !== true) {
        response.pipe(answer);
        return;
      }
      let kept = '';
      let n = 0;
      response.setEncoding('utf8').on('data', (text: string) => {
        kept += text;
        for (let end; (end = kept.indexOf('\n\n')) >= 0; kept = kept.slice(end + 2)) {
          for (const frame of spoil(kept.slice(0, end + 2), n)) answer.write(frame);
          n += 1;
        }
      });
      response.on('end', () => answer.end());
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
