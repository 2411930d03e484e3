/**
 * Text to tokens and back, and the exact bytes of each token. Knows the model's tables through the port
 * `VocabularySource`; the engine behind it returns strings, in which half a character would already be lost.
 */
import { WireError } from './errors.ts';
import { isObject, jsonTypeName } from './json.ts';

/** What the engine tells about its vocabulary. Token ids are whole numbers from 0 to `size - 1`. */
export interface VocabularySource {
  readonly size: number;
  readonly bosToken: number | undefined;
  readonly eosToken: number | undefined;
  /** Whether prompts given as text begin with BOS. */
  readonly addsBos: boolean;
  readonly addsEos: boolean;
  /** `llama` (SentencePiece), `gpt2` (byte-level BPE), or another of GGUF's `tokenizer.ggml.model`. */
  readonly model: string;
  /** The token as written in the model file. */
  rawText(token: number): string;
  kindOf(token: number): TokenKind;
  /** Ends a generation. */
  isEndOfGeneration(token: number): boolean;
  tokenize(text: string, parseSpecial: boolean): readonly number[];
  /** Text of one token, special ones included; used for kinds whose bytes are always whole characters. */
  detokenize(token: number): string;
}

/** `special` tokens have no text in an answer; `literal` ones are their raw text; `byte` ones are one byte. */
export type TokenKind = 'normal' | 'byte' | 'literal' | 'special';

const noBytes = new Uint8Array(0);
const utf8 = new TextEncoder();

export class Vocabulary {
  readonly #source: VocabularySource;
  readonly #bytes = new Map<number, Uint8Array>();

  constructor(source: VocabularySource) {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  get bosText(): string {
    return this.#source.bosToken === undefined ? '' : this.#source.rawText(this.#source.bosToken);
  }

  get eosText(): string {
    return this.#source.eosToken === undefined ? '' : this.#source.rawText(this.#source.eosToken);
  }

  isEndOfGeneration(token: number): boolean {
    return this.#source.isEndOfGeneration(token);
  }

  endOfGenerationTokens(): readonly number[] {
    return Array.from({ length: this.size }, (_, token) => token).filter((token) => this.isEndOfGeneration(token));
  }

  tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): number[] {
    const { bosToken, eosToken, addsBos, addsEos } = this.#source;
    const tokens = [...this.#source.tokenize(text, parseSpecial)];
    if (addSpecial && addsBos && bosToken !== undefined) tokens.unshift(bosToken);
    if (addSpecial && addsEos && eosToken !== undefined) tokens.push(eosToken);
    return tokens;
  }

  /** A string, or strings and ids mixed; BOS comes only before a leading string. */
  tokenizeMixed(content: unknown, addSpecial: boolean, parseSpecial: boolean): number[] {
    if (typeof content === 'string') return this.tokenize(content, addSpecial, parseSpecial);
    if (!Array.isArray(content))
      throw new WireError('server_error', `[json.exception.type_error.302] type must be string, but is ${jsonTypeName(content)}`);
    return content.flatMap((part: unknown, at): number[] => {
      if (typeof part === 'string') return this.tokenize(part, addSpecial && at === 0, parseSpecial);
      if (typeof part === 'number') return [Math.trunc(part)];
      throw new WireError('server_error', `[json.exception.type_error.302] type must be number, but is ${jsonTypeName(part)}`);
    });
  }

  /**
   * The prompts of a request: text, ids, both mixed, `{prompt_string}`, or a list of those.
   * @errors 400 for other shapes, an empty list, or an id outside the vocabulary
   */
  tokenizePrompts(prompt: unknown): number[][] {
    const prompts: readonly unknown[] = Array.isArray(prompt) && !prompt.some((part) => typeof part === 'number') ? prompt : [prompt];
    if (prompts.length === 0) throw new WireError('invalid_request_error', '"prompt" must not be empty');
    return prompts.map((one) => {
      const content = isObject(one) ? one['prompt_string'] : one;
      const isList = Array.isArray(content) && content.every((part) => typeof part === 'string' || typeof part === 'number');
      if (typeof content !== 'string' && !isList) {
        throw new WireError(
          'invalid_request_error',
          '"prompt" elements must be a string, a list of tokens, a JSON object containing a prompt string, or a list of mixed strings & tokens.',
        );
      }
      const tokens = this.tokenizeMixed(content, true, true);
      if (tokens.some((token) => !this.has(token))) throw new WireError('invalid_request_error', 'Prompt contains invalid tokens');
      return tokens;
    });
  }

  has(token: number): boolean {
    return Number.isInteger(token) && token >= 0 && token < this.size;
  }

  /** Bytes that a generated token adds to the answer: none for special tokens. */
  answerBytes(token: number): Uint8Array {
    return this.#source.kindOf(token) === 'special' ? noBytes : this.bytes(token);
  }

  /** Bytes of any token, special ones as their text. */
  bytes(token: number): Uint8Array {
    const known = this.#bytes.get(token);
    if (known !== undefined) return known;
    const made = this.#makeBytes(token);
    this.#bytes.set(token, made);
    return made;
  }

  /** Text of the tokens, special ones included; bytes that are not UTF-8 become U+FFFD. */
  detokenize(tokens: readonly number[]): string {
    return Buffer.concat(tokens.map((token) => this.bytes(token))).toString('utf8');
  }

  #makeBytes(token: number): Uint8Array {
    const raw = this.#source.rawText(token);
    const kind = this.#source.kindOf(token);
    if (kind === 'special' || kind === 'literal') return utf8.encode(raw);
    const byte = kind === 'byte' ? /^<0x([0-9A-Fa-f]{2})>$/.exec(raw)?.[1] : undefined;
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
    if (this.#source.model === 'llama') return utf8.encode(raw.replaceAll('\u2581', ' '));
    if (this.#source.model === 'gpt2') {
      const bytes = Array.from(raw, (character) => byteOfCharacter.get(character));
      if (bytes.every((byte) => byte !== undefined)) return Uint8Array.from(bytes);
    }
    return utf8.encode(this.#source.detokenize(token));
  }
}

/** GPT-2's alphabet: printable Latin-1 stands for itself, the other 68 bytes for U+0100 and up. */
const byteOfCharacter: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 256 }, (_, byte) => byte)
    .toSorted((a, b) => Number(!isPrintableLatin1(a)) - Number(!isPrintableLatin1(b)))
    .map((byte, rank) => [String.fromCodePoint(isPrintableLatin1(byte) ? byte : 256 + rank - 188), byte]),
);

function isPrintableLatin1(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}
