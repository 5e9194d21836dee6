/** Everything that this package throws. */
export class RetailScanError extends Error {
    name = "RetailScanError";
}
/** The call needs a token that the client was not given. */
export class NoToken extends RetailScanError {
    name = "NoToken";
}
/** No answer: no connection, or not in time. What was asked may have been done or not; `cause` says more. */
export class Unreachable extends RetailScanError {
    name = "Unreachable";
}
/** The suite said no. */
export class ApiError extends RetailScanError {
    name = "ApiError";
    status;
    /** Stable, to be compared with; the message is for people. */
    code;
    /** For VALIDATION_FAILED: a list of field, code, message. */
    details;
    /** What support asks for. */
    requestId;
    /** Seconds. */
    retryAfter;
    constructor(refusal) {
        super(refusal.message);
        this.status = refusal.status;
        this.code = refusal.code;
        this.details = refusal.details;
        this.requestId = refusal.requestId;
        this.retryAfter = refusal.retryAfter;
    }
    /** The error of an answer, also of one that does not come from the suite (a proxy's, a bucket's). */
    static async of(answer) {
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
        }
        catch {
            return new ApiError({ ...known, code: `HTTP_${answer.status}`, message: text.slice(0, 300) });
        }
    }
}
