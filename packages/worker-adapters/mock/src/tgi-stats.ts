/** What TGI's histograms have summed up; each of their series appears with its first use. It owns these figures. */

export class TgiStats {
  /** Of all requests that were found good. */
  promptTokens = 0;
  /** Of requests that came to their end. */
  generatedTokens = 0;
}
