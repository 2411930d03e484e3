/**
 * Reads whole HTTP requests with a length from one socket: the least that a program of the bench needs. It stands in for
 * `node:http` where that would cost more than what is measured. Not for untrusted peers.
 */

export type WholeRequest = { readonly method: string; readonly path: string; readonly version: string; readonly body: string };

export class RequestReader {
  #held = '';

  /** @returns the requests that are whole now, in order. */
  push(bytes: string): readonly WholeRequest[] {
    this.#held += bytes;
    const requests: WholeRequest[] = [];
    for (;;) {
      const headEnd = this.#held.indexOf('\r\n\r\n');
      if (headEnd === -1) return requests;
      const head = this.#held.slice(0, headEnd);
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (this.#held.length < end) return requests;
      const [method = '', path = '', version = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
      requests.push({ method, path, version, body: this.#held.slice(headEnd + 4, end) });
      this.#held = this.#held.slice(end);
    }
  }
}
