/** Everything that this package throws. */
export class RetailScanError extends Error {
    override name = "RetailScanError";
}

/** The call needs a token that the client was not given. */
export class NoToken extends RetailScanError {
    override name = "NoToken";
}

/** No answer: no connection, or not in time. What was asked may have been done or not; `cause` says more. */
export class Unreachable extends RetailScanError {
    override name = "Unreachable";
}

/** What the suite says about a refusal. */
export interface Refusal {
    status: number;
    code: string;
    message: string;
    details?: unknown;
    requestId?: string | undefined;
    retryAfter?: number | undefined;
}

/** The suite said no. */
export class ApiError extends RetailScanError {
    override name = "ApiError";
    readonly status: number;
    /** Stable, to be compared with; the message is for people. */
    readonly code: string;
    /** For VALIDATION_FAILED: a list of field, code, message. */
    readonly details: unknown;
    /** What support asks for. */
    readonly requestId: string | undefined;
    /** Seconds. */
    readonly retryAfter: number | undefined;

    constructor(refusal: Refusal) {
        super(refusal.message);
        this.status = refusal.status;
        this.code = refusal.code;
        this.details = refusal.details;
        this.requestId = refusal.requestId;
        this.retryAfter = refusal.retryAfter;
    }

    /** The error of an answer, also of one that does not come from the suite (a proxy's, a bucket's). */
    static async of(answer: Response): Promise<ApiError> {
        const text = await answer.text();
        const told = answer.headers.get("retry-after") ?? "";
        const known = {
            status: answer.status,
            requestId: answer.headers.get("x-request-id") ?? undefined,
            retryAfter: /^\d+$/.test(told) ? Number(told) : undefined,
        };
        try {
            const { code, message, details } = JSON.parse(text).error;
            return new ApiError({ ...known, code, message, details });
        } catch {
            return new ApiError({ ...known, code: `HTTP_${answer.status}`, message: text.slice(0, 300) });
        }
    }
}
