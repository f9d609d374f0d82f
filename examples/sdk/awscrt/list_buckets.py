"""Prints who I am, and the buckets that I see; with a number, that often, a second apart."""

import os
import re
import sys
import time
from io import BytesIO
from urllib.parse import urlsplit

from awscrt import auth, http, io

REGION = os.environ.get("AWS_REGION", "us-east-1")


def answer(provider: auth.AwsCredentialsProvider, service: str, method: str, body: bytes = b"") -> str:
    """What `service` says to a request that is signed with what `provider` has now."""
    url = urlsplit(os.environ.get("AWS_ENDPOINT_URL", f"https://{service}.{REGION}.amazonaws.com"))
    host = url.hostname or ""
    headers = [("Host", url.netloc), ("Content-Length", str(len(body)))]
    if body:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    request = http.HttpRequest(method, "/", http.HttpHeaders(headers), BytesIO(body))
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=provider,
        region=REGION,
        service=service,
        signed_body_header_type=auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
    )
    signed = auth.aws_sign_request(request, config).result()
    tls = None
    if url.scheme == "https":
        tls = io.ClientTlsContext(io.TlsContextOptions()).new_connection_options()
        tls.set_server_name(host)
    port = url.port or (443 if url.scheme == "https" else 80)
    connection = http.HttpClientConnection.new(host, port, tls_connection_options=tls).result()
    parts: list[bytes] = []
    stream = connection.request(signed, None, lambda chunk, **_: parts.append(bytes(chunk)))
    stream.activate()
    status = stream.completion_future.result()
    text = b"".join(parts).decode()
    if status != 200:
        raise SystemExit(f"{service} answered {status}: {text}")
    return text


def main() -> None:
    provider = auth.AwsCredentialsProvider.new_default_chain()
    for round_ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        time.sleep(1 if round_ else 0)
        who = answer(provider, "sts", "POST", b"Action=GetCallerIdentity&Version=2011-06-15")
        print(*re.findall("<Arn>(.*?)</Arn>", who), sep="\n", flush=True)
        print(*re.findall("<Bucket><Name>(.*?)</Name>", answer(provider, "s3", "GET")), sep="\n", flush=True)


if __name__ == "__main__":
    main()
