/** Server-sent events out of a fetch: EventSource cannot send a token. Written by hand. */

/** One event of a stream. */
export interface Event<Data> {
    id: string;
    event: string;
    data: Data;
}

/** The suite says something every 15 seconds; a stream that is silent for longer is dead. */
const SILENCE = 45_000;

/** The events of an answer (https://html.spec.whatwg.org/multipage/server-sent-events.html); a number is a `retry`. */
export async function* events<Data>(answer: Response, hangUp: () => void): AsyncGenerator<Event<Data> | number, void> {
    let id = "";
    let kind = "message";
    let data: string[] = [];
    for await (const line of lines(answer, hangUp)) {
        const colon = line.indexOf(":");
        const name = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (line === "") {
            if (data.length) yield { id, event: kind, data: JSON.parse(data.join("\n")) };
            kind = "message";
            data = [];
        } else if (name === "data") data.push(value);
        else if (name === "id") id = value;
        else if (name === "event") kind = value;
        else if (name === "retry" && /^\d+$/.test(value)) yield Number(value);
    }
}

async function* lines(answer: Response, hangUp: () => void): AsyncGenerator<string, void> {
    if (!answer.body) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
        const silence = setTimeout(hangUp, SILENCE);
        const { done, value } = await reader.read().finally(() => clearTimeout(silence));
        if (done) return;
        const found = (rest + value).split(/\r\n|\n|\r(?!$)/);
        rest = found.pop() ?? "";
        yield* found;
    }
}
