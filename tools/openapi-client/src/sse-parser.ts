/**
 * Turns the bytes of a Server-Sent Events stream into frames, as the HTML standard says. It knows nothing of what the frames mean
 * nor where the bytes come from.
 */

/** One dispatched event. `id` is the last id seen so far, `null` before any; `data` may have several lines. */
export type SseFrame = { readonly id: string | null; readonly event: string; readonly data: string };

/** A line, or the data of one frame, is longer than the reader allows. */
export class SseLineTooLong extends Error {
  override readonly name = 'SseLineTooLong';
}

export type SseParser = {
  /** The frames that these bytes complete. An unfinished one waits for more bytes, and is never dispatched without them. */
  push(bytes: Uint8Array): readonly SseFrame[];
};

/**
 * A parser for one connection.
 *
 * @param maxChars - Bound for one line and for the data of one frame, in UTF-16 units; what is longer throws {@link SseLineTooLong}.
 * @req ORCH-2002
 */
export function createSseParser({ maxChars = 64 * 1024 * 1024 }: { readonly maxChars?: number } = {}): SseParser {
  // Strips one BOM at the start and joins characters whose bytes were cut.
  const decoder = new TextDecoder('utf-8');
  // A line may arrive in many pieces; they are joined once, so that a long line costs linear time.
  let pieces: string[] = [];
  let lineChars = 0;
  let afterCr = false;
  let id: string | null = null;
  let event = '';
  let data: string[] = [];
  let dataChars = 0;

  const onPiece = (piece: string): void => {
    lineChars += piece.length;
    if (lineChars > maxChars) {
      throw new SseLineTooLong(`a line of the stream has more than ${maxChars} characters`);
    }
    if (piece !== '') {
      pieces.push(piece);
    }
  };

  const takeLine = (): string => {
    const line = pieces.length === 1 ? (pieces[0] ?? '') : pieces.join('');
    pieces = [];
    lineChars = 0;
    return line;
  };

  /** The frame that an empty line completes; a frame without data is none, yet its id counts. */
  const onLine = (line: string): SseFrame | undefined => {
    if (line === '') {
      const frame = data.length > 0 ? { id, event: event === '' ? 'message' : event, data: data.join('\n') } : undefined;
      event = '';
      data = [];
      dataChars = 0;
      return frame;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') {
      dataChars += value.length;
      if (dataChars > maxChars) {
        throw new SseLineTooLong(`the data of one event has more than ${maxChars} characters`);
      }
      data.push(value);
    } else if (field === 'event') {
      event = value;
    } else if (field === 'id' && !value.includes('\0')) {
      id = value;
    }
    return undefined;
  };

  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      const frames: SseFrame[] = [];
      let start = 0;
      for (let end = nextBreak(text, start); end !== -1; end = nextBreak(text, start)) {
        // The LF of a CRLF ends nothing, also where the two came in different pieces.
        const secondHalf = afterCr && end === start && text[end] === '\n';
        afterCr = text[end] === '\r';
        if (!secondHalf) {
          onPiece(text.slice(start, end));
          const frame = onLine(takeLine());
          if (frame !== undefined) {
            frames.push(frame);
          }
        }
        start = end + 1;
      }
      if (start < text.length) {
        afterCr = false;
        onPiece(text.slice(start));
      }
      return frames;
    },
  };
}

function nextBreak(text: string, from: number): number {
  const lf = text.indexOf('\n', from);
  // Our own service ends lines with LF, so most chunks hold no CR: look for one only before the next LF.
  const cr = text.slice(from, lf === -1 ? undefined : lf).indexOf('\r');
  return cr === -1 ? lf : from + cr;
}
