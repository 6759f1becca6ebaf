"""An authority of our own, and the certificates that it signs: made by openssl when a test runs."""

import ssl
import subprocess


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True, timeout=60)


class Authority:
    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.name = name
        self.certificate = folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem",
                "-addext", "keyUsage=critical,keyCertSign", cwd=folder)

    def sign(self, label, names, days=1):
        """A server's context with a certificate for these names; days: negative is expired."""
        (self.folder / f"{label}.ext").write_text(f"subjectAltName={names}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", "/CN=receiver", "-keyout", f"{label}.key", "-out", f"{label}.csr",
                cwd=self.folder)
        openssl("x509", "-req", "-in", f"{label}.csr", "-CA", f"{self.name}.pem",
                "-CAkey", f"{self.name}.key", "-CAcreateserial", "-days", str(days),
                "-extfile", f"{label}.ext", "-out", f"{label}.pem", cwd=self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{label}.pem", self.folder / f"{label}.key")
        return context
