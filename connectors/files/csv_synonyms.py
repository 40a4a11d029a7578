"""What tools call their columns, in French and English, beyond the words of our own templates.

Told in full, so that a person sees why a column was taken for what it is.
"""

from collections.abc import Mapping

from connectors.records import Stream

_INVOICES = {
    "direction": "vente ou achat|type de tiers|direction",
    "kind": "type de document|type document|type de facture|type de piece|nature de piece|document type|invoice type",
    "status": "statut de la facture|etat de la facture|statut du document|state|invoice status",
    "number": "no facture|n facture|n de facture|n piece|no piece|numero de piece|numero piece|piece|n document"
    "|numero de document|ref facture|reference facture|ref|reference|invoice number|invoice no|invoice|document number"
    "|invoice id|id facture|code facture",
    "customer": "code tiers|n client|no client|numero client|id client|ref client|compte client|compte tiers|compte"
    "|customer code|customer id|customer number|client id|account|account number|code fournisseur|supplier code"
    "|n fournisseur|vendor id|vendor code|compte fournisseur",
    "customer_name": "nom du client|nom tiers|tiers facture|societe|entreprise|denomination|nom du tiers|customer name"
    "|client name|company|company name|contact name|bill to|nom fournisseur|nom du fournisseur|supplier name|vendor"
    "|vendor name|destinataire|intitule client|intitule tiers|partenaire|partner|nom",
    "service_on": "date de prestation|date de livraison|date de realisation|fin de prestation|date bl|delivery date"
    "|service date|date d execution|fin de periode|period end",
    "periodic": "facture recurrente|recurrente|recurring|recurring invoice",
    "issued_on": "date de facture|date de facturation|date facturation|date d emission|date document|date du document"
    "|date piece|date de piece|emise le|facture le|invoice date|issue date|document date|date issued|issued",
    "sent_on": "date d envoi|envoye le|date envoi client|sent date|date sent|sent|sent at",
    "due_on": "date d echeance|echeance le|date limite de paiement|date limite|a payer avant le|due date|due"
    "|payment due|date limite de reglement",
    "paid_on": "date de paiement|date de reglement|date encaissement|date d encaissement|date du paiement"
    "|date du reglement|reglee le|payment date|paid date|date paid|paid at|paid|reglement|paiement",
    "cancelled_on": "date d annulation|cancellation date|cancelled at|voided date|void date|date voided",
    "corrected_on": "date de correction|corrected at|correction date",
    "net": "montant hors taxe|montant hors taxes|total hors taxe|total hors taxes|hors taxe|net ht|net a facturer"
    "|subtotal|net amount|amount excl tax|amount excluding tax|untaxed amount|total excl vat|net total",
    "tax": "montant de tva|total tva|taxe|taxes|montant taxe|vat|vat amount|tax amount|sales tax|total tax",
    "total": "montant total|total ttc|net a payer|total general|total facture|montant facture|toutes taxes comprises"
    "|amount|total amount|gross amount|amount incl tax|invoice total|grand total|total incl vat|total due",
    "currency": "code devise|devise facture|currency code|iso currency",
    "author": "utilisateur|createur|cree par utilisateur|saisie par|created by|author|user|operateur|redacteur",
    "validator": "valide par utilisateur|approuve par|approved by|validated by",
    "corrects": "facture d origine|facture liee|facture associee|facture de reference|piece d origine|corrected invoice"
    "|original invoice|related invoice|reverses|credited invoice|avoir sur facture",
    "credit_reason": "motif de l avoir|raison de l avoir|motif avoir|credit reason|credit note reason",
    "disputed": "en litige|contestee|dispute|in dispute",
    "direct_debit": "prelevement automatique|prelevement sepa|mandat sepa|direct debit",
    "promised_on": "promesse de reglement|date de promesse|promis pour le|promise to pay|promised date|promise date",
    "attachment": "fichier joint|pj|pdf joint|attachment|has attachment",
    "created_at": "date de creation|creee le|date de saisie|saisie le|created|created at|created date|creation date"
    "|created on|entry date",
    "series": "souche|journal|prefixe|serie de facturation|sequence|series",
    "refused_on": "date de refus|date de rejet|rejetee le|refused at|rejected on|rejection date",
    "refusal": "motif de refus|motif de rejet|raison du refus|refusal reason|rejection reason|code motif",
}
_PAYMENTS = {
    "reference": "reference|ref|ref paiement|numero de reglement|n reglement|n de reglement|no reglement|id paiement"
    "|numero de paiement|payment number|payment id|payment reference|transaction id|id transaction|numero de piece",
    "direction": "type|type de tiers|direction|encaissement ou decaissement",
    "invoice": "numero de facture|n facture|n de facture|no facture|ref facture|reference facture|piece reglee"
    "|facture reglee|invoice number|invoice no|invoice|document",
    "supplier": "code fournisseur|n fournisseur|supplier code|vendor code|vendor id",
    "paid_on": "date de paiement|date de reglement|date encaissement|date d encaissement|encaisse le|regle le"
    "|date du reglement|date operation|date d operation|payment date|paid date|date paid|paid at",
    "amount": "montant du reglement|montant du paiement|montant regle|montant encaisse|montant paye|reglement"
    "|encaissement|amount paid|payment amount|paid amount|total",
    "currency": "code devise|currency code",
    "bank_reference": "reference du virement|ref virement|numero de virement|numero de cheque|n cheque|reference banque"
    "|end to end id|bank reference|transfer reference|cheque number|check number",
}
_REMINDERS = {
    "invoice": "n facture|n de facture|numero de facture|no facture|ref facture|piece|invoice number"
    "|invoice no|invoice",
    "sent_on": "date de relance|date d envoi|relancee le|relance le|envoyee le|date de la relance|reminder date"
    "|date sent|sent date|sent at",
    "level": "niveau de relance|rang de relance|n relance|numero de relance|etape|reminder level|dunning level|step",
    "channel": "mode d envoi|mode|type de relance|moyen d envoi|support|method|sent by mail",
    "actor": "utilisateur|relancee par|operateur|user|sent by|login",
}
_ACTIVITIES = {
    "login": "user|user name|username|login utilisateur|nom utilisateur|operateur|agent|compte|actor|par",
    "done_at": "date et heure|horodatage|date heure|date action|date de l action|date operation|timestamp|created at"
    "|date time|datetime|when|at|quand",
    "process": "domaine|module|rubrique|type d activite",
    "action": "type d action|type action|evenement|event|event type|operation|activity|type|libelle|what",
    "invoice": "n facture|numero de facture|piece|document|objet|reference document|invoice number|invoice|object",
    "reference": "event id|numero|n|uid|cle|ref|reference",
}
_DELIVERIES = {
    "number": "n bl|numero de bl|bl|numero bon de livraison|bon de livraison|n bon de livraison|reference|ref"
    "|delivery note|delivery number|delivery no|delivery note number|n livraison|numero de livraison",
    "billed_monthly": "facture mensuelle|facture recapitulative|billed monthly|collective invoice|summary invoice",
    "delivered_on": "date de livraison|date bl|date du bl|livre le|date de realisation|date prestation"
    "|date de prestation|date d intervention|delivery date|delivered at|shipped date|date|service date",
    "customer": "code tiers|n client|numero client|id client|compte client|customer code|customer id|client id|account",
    "customer_name": "nom du client|nom client|societe|nom du tiers|customer name|client name|company|company name",
    "invoice": "n facture|n de facture|numero de facture|ref facture|facture liee|invoice number|invoice no|invoice",
    "invoiced_on": "date de facture|date de facturation|facture le|facturee le|invoice date|billed on",
    "cancelled_on": "date d annulation|cancelled at|cancellation date",
    "amount": "montant ht|montant hors taxe|total ht|a facturer|montant a facturer|valeur|amount|net amount|value",
    "currency": "code devise|currency code",
    "actor": "utilisateur|livre par|preparateur|operateur|user|delivered by|login",
}
_STAFF = {
    "number": "n matricule|numero matricule|code salarie|n salarie|numero salarie|id salarie|employee number"
    "|employee id|staff number|personnel number|emp id|id",
    "login": "user|username|user name|compte|nom utilisateur|login name",
    "name": "nom et prenom|nom prenom|prenom nom|salarie|nom complet|full name|employee name|employee",
    "role": "emploi|intitule de poste|qualification|job title|job|position|title",
    "hours_per_week": "horaire hebdomadaire|heures hebdomadaires|heures par semaine|h semaine|duree hebdomadaire"
    "|weekly hours|hours per week|contract hours",
    "entered_on": "date d entree|date embauche|date d embauche|entree|debut de contrat|debut contrat|hire date"
    "|start date|hired on|joined on|date anciennete",
    "left_on": "date de sortie|date depart|date de depart|sortie|fin de contrat|fin contrat|end date|leave date"
    "|termination date|left on",
    "team": "departement|pole|unite|equipe de travail|department|business unit|group",
}
_ABSENCES = {
    "employee": "n matricule|code salarie|n salarie|numero salarie|employee number|employee id|staff number|id salarie",
    "start_on": "date de debut|debut absence|debut de l absence|absent du|premier jour|start date|from|first day|start",
    "end_on": "date de fin|fin absence|fin de l absence|absent jusqu au|dernier jour|end date|to|until|last day|end",
}
_TIME = {
    "person": "utilisateur|collaborateur|user|username|employee|employe|n matricule|code salarie|intervenant|resource",
    "date": "date de saisie|date du jour|day|work date|date travaillee",
    "minutes": "duree en minutes|nb minutes|nombre de minutes|mins|min|duration minutes",
    "hours": "nb heures|nombre d heures|temps passe|temps|duree en heures|h|hrs|duration|time spent|quantite|qty hours",
    "process": "projet|mission|categorie|nature|type d activite|code activite|project|activity|task|category",
}
_COSTS = {
    "date": "date de facture|date operation|date d operation|date comptable|date piece|day|expense date|booking date",
    "kind": "type de depense|nature de depense|poste|rubrique|type de charge|category|expense type|expense category",
    "amount": "montant hors taxe|total ht|debit|depense|prix|montant ttc|total|net amount|cost|expense|value",
    "currency": "code devise|currency code",
    "process": "domaine|affectation|activity",
    "label": "designation|objet|commentaire|details|memo|note|fournisseur|supplier",
}

SYNONYMS: Mapping[Stream, Mapping[str, str]] = {
    Stream.INVOICES: _INVOICES,
    Stream.PAYMENTS: _PAYMENTS,
    Stream.REMINDERS: _REMINDERS,
    Stream.ACTIVITIES: _ACTIVITIES,
    Stream.DELIVERIES: _DELIVERIES,
    Stream.STAFF: _STAFF,
    Stream.ABSENCES: _ABSENCES,
    Stream.TIME: _TIME,
    Stream.COSTS: _COSTS,
}
"""Names of columns by stream and field, apart by bars; the likelier first."""
